"""What an object store can do. Two adapters keep this contract: a folder and S3 (``tests/contracts/``)."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What is known of an object without reading it. ``etag`` is opaque and changes with the bytes; ``size`` in bytes."""

    size: int
    etag: str
    content_type: str
    cache_control: str


class ObjectStore(Protocol):
    """Objects by key. Every call has a deadline and raises ``Unavailable(STORE_UNAVAILABLE)`` when retries did not help in time."""

    async def put(
        self, key: str, data: bytes, *, content_type: str, cache_control: str, only_if_absent: bool = False, only_if_etag: str | None = None
    ) -> str:
        """Write an object whole (readers see the old or the new one, never a part) and return its etag.

        Raises:
            Conflict: ``STORE_CONFLICT``; it exists although ``only_if_absent``, or has another etag than ``only_if_etag``.
        """

    async def get(self, key: str) -> bytes:
        """Read an object whole. Raises ``NotFound``."""

    async def head(self, key: str) -> ObjectHead:
        """Raises ``NotFound``."""

    def stream(self, key: str, *, start: int = 0, end: int | None = None, chunk: int = 65_536) -> AsyncGenerator[bytes, None]:
        """Read bytes ``start`` up to, not including, ``end`` in chunks. Raises ``NotFound`` at the first step."""

    async def delete(self, key: str) -> None:
        """Delete; an absent object is no error."""

    async def close(self) -> None:
        """Let go of threads and connections."""
