"""What a picture may be, as the web process and its picture worker both know it."""

from collections.abc import Mapping
from types import MappingProxyType

TYPES: Mapping[str, str] = MappingProxyType({"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"})
"""Content types that are taken, and the decoder's name of each. SVG is a program, not a picture."""

WRONG_TYPE = 3
UNFIT = 4
"""The worker's exit statuses, beside 0 for done."""
