"""The delivery edge: playlists with blocking reload, parts and segments, from memory to any number of viewers."""
