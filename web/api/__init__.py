"""The REST interface, ``/api/v1``: one file per noun, each a function that makes its blueprint from the parts it needs."""
