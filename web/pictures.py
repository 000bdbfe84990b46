"""Pictures people upload: made anew in a process of their own, kept under names that never mean another picture, served for ever."""

import asyncio
import re
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass

from quart import Blueprint, Response, request

from storage.model.errors import BadInput, ErrorCode, NotFound, Unavailable
from storage.objects.keys import picture_object
from storage.objects.store import ObjectStore
from web.picture_types import TYPES, WRONG_TYPE

LARGEST_UPLOAD = 2 * 1024 * 1024
"""Bytes."""

AT_ONCE = 2
WAITING = 8
DEADLINE = 15.0
"""Seconds from the upload's last byte, waiting for others included."""

_NAME = re.compile(r"[0-9a-f]{32}\.webp")
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Shape:
    """A picture's shape, and its largest size in pixels. What is larger is cut in the middle and made smaller; nothing is enlarged."""

    width: int
    height: int


AVATAR = Shape(256, 256)
CHANNEL_PICTURE = Shape(256, 256)
BANNER = Shape(1600, 400)
OFFLINE_PICTURE = Shape(1280, 720)


class Pictures:
    """Takes uploads. A picture's name is what records keep; :func:`path` is where browsers find it."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._workers = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def keep(self, data: bytes, content_type: str, shape: Shape) -> str:
        """Make a WebP of an upload and store it; returns its name.

        Raises:
            BadInput: ``UNSUPPORTED_MEDIA_TYPE``; it is no PNG, JPEG, WebP or GIF, or not the one it says. ``BODY_TOO_LARGE``.
                ``PICTURE_UNFIT``; it has too many or too few pixels, or can't be read.
            Unavailable: ``SERVER_BUSY``, ``STORE_UNAVAILABLE``.
        """
        declared = content_type.partition(";")[0].strip().lower()
        if declared not in TYPES:
            raise _wrong_type()
        if len(data) > LARGEST_UPLOAD:
            raise BadInput(ErrorCode.BODY_TOO_LARGE, "A picture has at most 2 MiB.")
        made = await self._made(data, declared, shape)
        name = f"{secrets.token_hex(16)}.webp"
        await self._objects.put(picture_object(name), made, content_type="image/webp", cache_control=_FOREVER, only_if_absent=True)
        return name

    async def forget(self, name: str | None) -> None:
        """Delete a picture that no record names any more, as well as the store lets us; None is no picture."""
        if name is not None:
            with suppress(Unavailable, NotFound):
                await self._objects.delete(picture_object(name))

    async def read(self, name: str) -> bytes:
        """A picture by its name. Raises ``NotFound(NOT_FOUND)``, ``Unavailable(STORE_UNAVAILABLE)``."""
        if not _NAME.fullmatch(name):
            raise NotFound(ErrorCode.NOT_FOUND, "There is no such picture.")
        return await self._objects.get(picture_object(name))

    async def _made(self, data: bytes, content_type: str, shape: Shape) -> bytes:
        if self._waiting >= AT_ONCE + WAITING:
            raise Unavailable(ErrorCode.SERVER_BUSY, "Too many pictures wait to be read.", retry_after=5)
        self._waiting += 1
        try:
            async with asyncio.timeout(DEADLINE), self._workers:
                return await _run_worker(data, content_type, shape)
        except TimeoutError:
            raise Unavailable(ErrorCode.SERVER_BUSY, "The picture could not be read in time.", retry_after=5) from None
        finally:
            self._waiting -= 1


def path(name: str | None) -> str | None:
    """Where browsers find a picture, on this server."""
    return None if name is None else f"/pictures/{name}"


def pictures_blueprint(pictures: Pictures) -> Blueprint:
    """Serves what :class:`Pictures` keeps."""
    blueprint = Blueprint("pictures", __name__)

    @blueprint.get("/pictures/<name>")
    async def picture(name: str) -> Response:
        etag = f'"{name.partition(".")[0]}"'
        headers = {"Cache-Control": _FOREVER, "ETag": etag, "Content-Disposition": "inline"}
        data = await pictures.read(name)
        if etag.strip('"') in request.if_none_match:
            return Response(b"", status=304, headers=headers)
        return Response(data, content_type="image/webp", headers=headers)

    return blueprint


async def _run_worker(data: bytes, content_type: str, shape: Shape) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "web.picture_worker", content_type, str(shape.width), str(shape.height)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        made, _ = await process.communicate(data)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == WRONG_TYPE:
        raise _wrong_type()
    if process.returncode != 0:
        # UNFIT, or ended by one of its limits.
        raise BadInput(ErrorCode.PICTURE_UNFIT, "The picture can't be read, or is too large or too small: 16 to 10000 pixels a side.")
    return made


def _wrong_type() -> BadInput:
    return BadInput(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "A picture is a PNG, JPEG, WebP or GIF, with the content type of what it is.")
