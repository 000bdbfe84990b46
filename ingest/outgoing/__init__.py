"""A WHIP client (RFC 9725): what ``fanlight publish`` is made of. With ``ingest.peer``, the only door to aiortc in this package.

Nothing here is used by an ingest node; it talks to one as any other publisher does.
"""
