"""Passwords: what may be one, and argon2id in a few threads so that nobody can make the server do nothing else."""

import asyncio
import os
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from storage.common_passwords import folded, is_common
from storage.model.errors import BadInput, ErrorCode, Unavailable

SHORTEST = 8
LONGEST = 1024
"""Characters (NIST SP 800-63B section 3.1.1.2 asks for at least 8 and for at least 64 to be allowed)."""

MEMORY = 19_456
TIME = 2
LANES = 1
"""KiB, passes and lanes of argon2id: the OWASP Password Storage Cheat Sheet's first choice of 2024."""

WAITING = 64
"""Passwords that may wait for a thread: at 40 ms each, two threads have them done within two seconds."""

DEADLINE = 8.0
"""Seconds one waits for one's turn and the hash, on a machine that is busy with other things."""

_Made = TypeVar("_Made")


class Passwords:
    """Makes and checks hashes of passwords. Owns ``threads`` threads from the first password on, until :meth:`close`."""

    def __init__(
        self, *, memory: int = MEMORY, time: int = TIME, threads: int | None = None, waiting: int = WAITING, deadline: float = DEADLINE
    ) -> None:
        self._hasher = PasswordHasher(time_cost=time, memory_cost=memory, parallelism=LANES, type=Type.ID)
        # Verifying against this costs what a real hash costs; no password matches it, for it is of one nobody knows.
        self._nobody = self._hasher.hash(os.urandom(32))
        count = threads or min(4, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="passwords")
        self._deadline = deadline
        self._free = threading.BoundedSemaphore(count + waiting)

    async def hash(self, password: str) -> str:
        """The hash to keep of a password that :func:`check` has let pass. Raises ``Unavailable(SERVER_BUSY)``."""
        return await self._run(lambda: self._hasher.hash(_prepared(password)))

    async def verify(self, known: str | None, password: str) -> bool:
        """Whether a password is that of a hash. Without one it is not, and takes as long to say. Raises ``Unavailable(SERVER_BUSY)``."""
        right = await self._run(lambda: self._matches(known or self._nobody, _prepared(password)))
        return right and known is not None

    def is_outdated(self, known: str) -> bool:
        """Whether a hash was made with other parameters than today's: hash the password anew while it is at hand."""
        try:
            return self._hasher.check_needs_rehash(known)
        except InvalidHashError:
            return True

    def close(self) -> None:
        """Let the threads end; what waits is not done any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, known: str, prepared: bytes) -> bool:
        try:
            return self._hasher.verify(known, prepared)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], _Made]) -> _Made:
        if not self._free.acquire(blocking=False):
            raise _busy()
        try:
            future = self._threads.submit(work)
        except BaseException:
            self._free.release()
            raise
        # A caller that gives up leaves its place only when the thread has left it too.
        future.add_done_callback(lambda _: self._free.release())
        try:
            async with asyncio.timeout(self._deadline):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            raise _busy() from None


def _busy() -> Unavailable:
    return Unavailable(ErrorCode.SERVER_BUSY, "Too many passwords wait to be checked.", retry_after=2)


def check(password: str, *, about: tuple[str, ...] = ()) -> None:
    """Refuse what everybody would guess. ``about`` are the account's own words: its name, its e-mail address.

    Raises:
        BadInput: ``PASSWORD_UNFIT``; the sentence says why.
    """
    if len(password) > LONGEST:
        raise BadInput(ErrorCode.PASSWORD_UNFIT, f"A password has at most {LONGEST} characters.")
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < SHORTEST:
        raise BadInput(ErrorCode.PASSWORD_UNFIT, f"A password has at least {SHORTEST} characters.")
    word = folded(password)
    if word in {folded(own) for own in about} or len(set(word)) == 1:
        raise BadInput(ErrorCode.PASSWORD_UNFIT, "This password is too easy to guess.")
    if is_common(password):
        raise BadInput(ErrorCode.PASSWORD_UNFIT, "This password is among those that leaked most often; choose another.")


def _prepared(password: str) -> bytes:
    """What is hashed: the same characters typed on any keyboard give the same bytes (NFKC). Too long ones are nobody's password."""
    return unicodedata.normalize("NFKC", password[: LONGEST + 1]).encode("utf-8", "surrogatepass")
