"""Ask a health address of one of our own processes; ``python -m web.probe URL`` exits 0 when it answers 200."""

import asyncio
import ssl
import sys
from dataclasses import dataclass
from urllib.parse import urlsplit

BODY_LIMIT = 65_536


@dataclass(frozen=True, slots=True)
class Probe:
    """What came back. ``status`` 0 means no answer; ``body`` then says why."""

    status: int
    body: str


async def probe(url: str, *, deadline: float = 1.0) -> Probe:
    """GET ``url`` within ``deadline`` seconds; never raises for a server that is not there."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(deadline):
            return await _get(parts.hostname or "", parts.port or 80, parts.path or "/", _context() if parts.scheme == "https" else None)
    except TimeoutError:
        return Probe(0, f"no answer within {deadline:g} s")
    except OSError as error:
        return Probe(0, error.strerror or type(error).__name__)


def _context() -> ssl.SSLContext:
    """Our own process at a loopback address: the certificate names another host, and who answers is not in doubt."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _get(host: str, port: int, path: str, context: ssl.SSLContext | None) -> Probe:
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read(BODY_LIMIT)).partition(b"\r\n\r\n")
        while not reader.at_eof() and len(body) < BODY_LIMIT:
            body += await reader.read(BODY_LIMIT)
        words = head.split(None, 2)
        status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
        return Probe(status, body.decode(errors="replace"))
    finally:
        writer.close()


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(probe(sys.argv[1], deadline=2.0)).status == 200 else 1)
