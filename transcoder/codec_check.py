"""``python -m transcoder.codec_check``: which codecs the media library has, as one line of JSON; ``fanlight doctor`` reads it."""

import json
import sys

import av
from av.codec import Codec

NEEDED = {"libx264": "w", "aac": "w", "mjpeg": "w", "h264": "r", "vp8": "r", "opus": "r"}
"""Encoder ``w`` or decoder ``r``."""


def report() -> dict[str, str | list[str]]:
    """The library's version, the codecs it has of those needed, and those it lacks."""
    present: list[str] = []
    missing: list[str] = []
    for name, mode in NEEDED.items():
        try:
            Codec(name, "w" if mode == "w" else "r")
        except ValueError:
            missing.append(name)
        else:
            present.append(name)
    return {"library": f"PyAV {av.__version__}", "present": present, "missing": missing}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(report()) + "\n")
