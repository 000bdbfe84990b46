"""A process that makes one small WebP of one uploaded picture, and has nothing to lose: no secrets, few files, little memory, little time.

Reads the upload from standard input and writes the picture to standard output: ``python -m web.picture_worker TYPE WIDTH HEIGHT``.
"""

import io
import resource
import sys

from PIL import Image, ImageOps, UnidentifiedImageError

from web.picture_types import TYPES, UNFIT, WRONG_TYPE

MOST_PIXELS = 25_000_000
LONGEST_SIDE = 10_000
SHORTEST_SIDE = 16
"""Pixels of an upload: those of any camera's pictures, as long as the decoder's memory allows."""

_MEMORY = 768 * 1024 * 1024
_SECONDS = 8
_QUALITY = 86


class _Unfit(Exception):
    """The picture can't be taken; ``args`` hold the exit status."""


def remade(data: bytes, content_type: str, width: int, height: int) -> bytes:
    """A picture's first frame, upright, cut to the shape of ``width`` by ``height`` pixels and at most that large, and nothing else.

    Raises:
        _Unfit: with the exit status that says why.
    """
    known = TYPES.get(content_type)
    if known is None:
        raise _Unfit(WRONG_TYPE)
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=(known,))
    except UnidentifiedImageError:
        raise _Unfit(WRONG_TYPE) from None
    if image.width * image.height > MOST_PIXELS or max(image.size) > LONGEST_SIDE or min(image.size) < SHORTEST_SIDE:
        raise _Unfit(UNFIT)
    image.draft("RGB", (2 * width, 2 * height))
    upright = ImageOps.exif_transpose(image)
    colours = "RGBA" if upright.has_transparency_data else "RGB"
    part = min(1.0, upright.width / width, upright.height / height)
    fitted = ImageOps.fit(upright.convert(colours), (max(1, round(width * part)), max(1, round(height * part))), Image.Resampling.LANCZOS)
    fitted.info.clear()
    made = io.BytesIO()
    fitted.save(made, "WEBP", quality=_QUALITY, method=4)
    return made.getvalue()


def _load_everything() -> None:
    """Have every decoder load what it loads late: soon no file can be opened any more."""
    for content_type, form in TYPES.items():
        small = io.BytesIO()
        Image.new("RGB", (SHORTEST_SIDE, SHORTEST_SIDE)).save(small, form)
        remade(small.getvalue(), content_type, SHORTEST_SIDE, SHORTEST_SIDE)


def main() -> int:
    """Do it; returns the exit status."""
    _, content_type, width, height = sys.argv
    _load_everything()
    for kind, limit in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(kind, (limit, limit))
    data = sys.stdin.buffer.read()
    try:
        made = remade(data, content_type, int(width), int(height))
    except _Unfit as error:
        return int(error.args[0])
    except Exception:
        # Whatever a decoder makes of bytes it can't read: there is nothing to do about it, and nobody to tell more.
        return UNFIT
    sys.stdout.buffer.write(made)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
