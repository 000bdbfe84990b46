"""Objects in a folder or a bucket, and the one module that knows their names."""
