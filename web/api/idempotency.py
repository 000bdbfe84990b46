"""``Idempotency-Key``: a create that is sent again is answered again, not done again."""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from quart import Response

from storage.clock import Clock
from storage.database.idempotency import Earlier, IdempotencyRepository
from storage.model.account import Actor
from storage.model.errors import BadInput, Conflict, ErrorCode, Unavailable
from storage.node import Tasks

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
WAIT_SECONDS = 5.0
"""How long a second request waits for the answer of the first."""

MOST_AT_WORK = 256
"""Creates of this process whose client may be gone; more are refused."""

PRUNE_SECONDS = 600.0

_POLL = 0.1
_NONCE = 12
_KEY = re.compile(r"[!-~]{1,128}")
_KEPT_HEADERS = ("Content-Type", "ETag", "Location")
_log = structlog.get_logger(__name__)


class Idempotency:
    """Runs creates so that they end in a kept answer even when their client hangs up meanwhile."""

    def __init__(self, requests: Callable[[], IdempotencyRepository], clock: Clock) -> None:
        self._requests = requests
        self._clock = clock
        self._tasks: Tasks | None = None

    async def run(self) -> None:
        """Own the creates, and forget old answers, for ever."""
        async with Tasks("creates") as tasks:
            self._tasks = tasks
            try:
                while True:
                    with suppress(Unavailable):
                        while await self._requests().prune():
                            pass
                    await self._clock.sleep(PRUNE_SECONDS)
            finally:
                self._tasks = None

    async def once(self, header: str, actor: Actor, request: bytes, create: Callable[[], Awaitable[Response]]) -> Response:
        """The answer of ``create``, or of the one before with the same key. ``request`` is everything that was asked.

        Raises:
            BadInput: ``BAD_REQUEST``, ``IDEMPOTENCY_KEY_REUSED``.
            Conflict: ``IDEMPOTENCY_IN_PROGRESS``.
            Unavailable: ``DATABASE_UNAVAILABLE``, ``TOO_MANY_REQUESTS``.
            FanlightError: What ``create`` raises; then the key is free again.
        """
        if not _KEY.fullmatch(header):
            raise BadInput(ErrorCode.BAD_REQUEST, f"{HEADER} has 1 to 128 visible characters.", field=HEADER)
        who = _who(actor)
        key = hashlib.sha256(f"{who}\n{header}".encode()).hexdigest()
        seal = _Seal(who, header)
        digest = hashlib.sha256(request).digest()
        limit = self._clock.monotonic() + WAIT_SECONDS
        while (earlier := await self._requests().begin(who, key, digest)) is not None:
            if earlier.digest != digest:
                raise BadInput(ErrorCode.IDEMPOTENCY_KEY_REUSED, f"This {HEADER} was used for another request.")
            if earlier.status is not None:
                return seal.open(earlier)
            if self._clock.monotonic() > limit:
                raise Conflict(ErrorCode.IDEMPOTENCY_IN_PROGRESS, f"The first request with this {HEADER} is still worked on.")
            await self._clock.sleep(_POLL)
        return await self._do(who, key, seal, create)

    async def _do(self, who: str, key: str, seal: "_Seal", create: Callable[[], Awaitable[Response]]) -> Response:
        async def to_its_end() -> Response | Exception:
            try:
                response = await create()
            except Exception as error:
                with suppress(Unavailable):
                    await self._requests().release(who, key)
                return error
            try:
                headers, body = await seal.close(response)
                await self._requests().finish(who, key, status=response.status_code, headers=headers, body=body)
            except Unavailable:
                _log.warning("answer_not_kept", status=response.status_code)
            return response

        if self._tasks is None or len(self._tasks) >= MOST_AT_WORK:
            await self._requests().release(who, key)
            raise Unavailable(ErrorCode.TOO_MANY_REQUESTS, "Too much is being created at the moment.")
        outcome: Response | Exception = await asyncio.shield(self._tasks.start("create", to_its_end()))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class _Seal:
    """Answers may hold what is shown once (a stream key), so they are kept encrypted with a key that is not kept."""

    def __init__(self, who: str, header: str) -> None:
        self._who = who.encode()
        self._cipher = AESGCM(hashlib.sha256(b"fanlight idempotency\n" + header.encode()).digest())

    async def close(self, response: Response) -> tuple[str, bytes]:
        """The headers in plain, the body sealed."""
        nonce = secrets.token_bytes(_NONCE)
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        body = await response.get_data(as_text=False)
        return msgspec.json.encode(headers).decode(), nonce + self._cipher.encrypt(nonce, body, self._who)

    def open(self, earlier: Earlier) -> Response:
        """The answer as it was."""
        try:
            body = self._cipher.decrypt(earlier.body[:_NONCE], earlier.body[_NONCE:], self._who)
        except InvalidTag:
            raise BadInput(ErrorCode.IDEMPOTENCY_KEY_REUSED, f"This {HEADER} was used for another request.") from None
        headers = msgspec.json.decode(earlier.headers, type=dict[str, str])
        return Response(body, status=earlier.status, headers={**headers, "Cache-Control": "no-store", REPLAYED: "true"})


def _who(actor: Actor) -> str:
    # As long as a record's id, and never like one.
    return actor.account.id if actor.account else "@" + hashlib.sha256(actor.address.encode()).hexdigest()[:25]
