"""Objects as files of a folder, which any web server can serve as it stands.

What a file can't say for itself (type, caching, etag) lies under the same name in ``.about``; a missing or outdated
note there costs a re-read, never a wrong answer. Writes are not forced to disk: a power cut may lose the last seconds.
"""

import asyncio
import fcntl
import hashlib
import mimetypes
import os
import secrets
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from storage.metrics import OBJECT_FAILURES
from storage.model.errors import Conflict, ErrorCode, NotFound, Unavailable
from storage.objects.keys import check_key
from storage.objects.store import ObjectHead

DEADLINE = 5.0
"""Seconds a call may take; folders may be on a network."""

_THREADS = 4

T = TypeVar("T")


class _About(msgspec.Struct, frozen=True):
    """``inode`` and ``mtime_ns`` tell whether the note is of the file that is there."""

    etag: str
    content_type: str
    cache_control: str
    inode: int
    mtime_ns: int


_decode_about = msgspec.json.Decoder(_About).decode


class FileStore:
    """An :class:`storage.objects.store.ObjectStore` in a folder, for any number of processes of one machine."""

    def __init__(self, root: Path, *, deadline: float = DEADLINE) -> None:
        self._root = root
        self._about = root / ".about"
        self._deadline = deadline
        self._threads = ThreadPoolExecutor(_THREADS, "files")

    async def put(
        self, key: str, data: bytes, *, content_type: str, cache_control: str, only_if_absent: bool = False, only_if_etag: str | None = None
    ) -> str:
        """See :class:`storage.objects.store.ObjectStore`."""
        check_key(key)
        return await self._run(
            lambda: self._put(key, data, content_type, cache_control, only_if_absent=only_if_absent, only_if_etag=only_if_etag)
        )

    async def get(self, key: str) -> bytes:
        """See :class:`storage.objects.store.ObjectStore`."""
        check_key(key)
        return await self._run((self._root / key).read_bytes)

    async def head(self, key: str) -> ObjectHead:
        """See :class:`storage.objects.store.ObjectStore`."""
        check_key(key)
        return await self._run(lambda: self._head(key))

    async def stream(self, key: str, *, start: int = 0, end: int | None = None, chunk: int = 65_536) -> AsyncGenerator[bytes, None]:
        """See :class:`storage.objects.store.ObjectStore`."""
        check_key(key)
        descriptor = await self._run(lambda: os.open(self._root / key, os.O_RDONLY | os.O_CLOEXEC))
        try:
            position = start
            while end is None or position < end:
                size = chunk if end is None else min(chunk, end - position)
                data = await self._run(_reader(descriptor, size, position))
                if not data:
                    return
                position += len(data)
                yield data
        finally:
            # After what may still read in a thread; a hung one must not hold up the caller.
            self._threads.submit(os.close, descriptor)

    async def delete(self, key: str) -> None:
        """See :class:`storage.objects.store.ObjectStore`."""
        check_key(key)
        await self._run(lambda: self._delete(key))

    async def close(self) -> None:
        """See :class:`storage.objects.store.ObjectStore`."""
        await asyncio.get_running_loop().run_in_executor(None, lambda: self._threads.shutdown(cancel_futures=True))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(self._deadline):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NotFound(ErrorCode.NOT_FOUND, "There is no such object.") from None
        except TimeoutError as error:
            OBJECT_FAILURES.inc()
            raise Unavailable(ErrorCode.STORE_UNAVAILABLE, "The folder of objects did not answer in time.") from error
        except OSError as error:
            raise _failed(error) from error

    def _put(self, key: str, data: bytes, content_type: str, cache_control: str, *, only_if_absent: bool, only_if_etag: str | None) -> str:
        path = self._root / key
        try:
            temporary = _write_beside(path, data)
            try:
                with self._locked():
                    if only_if_absent and path.exists():
                        raise Conflict(ErrorCode.STORE_CONFLICT, "The object exists.")
                    if only_if_etag is not None and self._etag(key) != only_if_etag:
                        raise Conflict(ErrorCode.STORE_CONFLICT, "The object has changed.")
                    temporary.rename(path)
                    etag = _etag(data)
                    self._note(key, path, etag, content_type, cache_control)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            # Before it could mean that an object is not there.
            raise _failed(error) from error
        return etag

    def _note(self, key: str, path: Path, etag: str, content_type: str, cache_control: str) -> None:
        stat = path.stat()
        about = self._about / key
        _write_beside(about, msgspec.json.encode(_About(etag, content_type, cache_control, stat.st_ino, stat.st_mtime_ns))).rename(about)

    def _head(self, key: str) -> ObjectHead:
        path = self._root / key
        stat = path.stat()
        if path.is_dir():
            raise FileNotFoundError
        with suppress(OSError, msgspec.MsgspecError):
            about = _decode_about((self._about / key).read_bytes())
            if (about.inode, about.mtime_ns) == (stat.st_ino, stat.st_mtime_ns):
                return ObjectHead(stat.st_size, about.etag, about.content_type, about.cache_control)
        return ObjectHead(stat.st_size, _etag(path.read_bytes()), mimetypes.guess_type(key)[0] or "application/octet-stream", "")

    def _etag(self, key: str) -> str | None:
        try:
            return self._head(key).etag
        except OSError:
            return None

    def _delete(self, key: str) -> None:
        for path in (self._about / key, self._root / key):
            with suppress(FileNotFoundError, NotADirectoryError):
                path.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._root / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _failed(error: OSError) -> Unavailable:
    OBJECT_FAILURES.inc()
    return Unavailable(ErrorCode.STORE_UNAVAILABLE, f"The folder of objects failed: {error.strerror}.")


def _reader(descriptor: int, size: int, position: int) -> Callable[[], bytes]:
    return lambda: os.pread(descriptor, size, position)


def _write_beside(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        temporary.write_bytes(data)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _etag(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
