"""CMAF boxes, tracks and fragments as bytes. Pure."""
