"""One step a file, named after what it does and its number."""
