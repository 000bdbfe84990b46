"""Signing in, and asking with a session: ``python -m tests.bench.sign_in [--seconds N] [--tries N]``.

The platform has one core, the clients (bare connections) the other; the last figures are of one process alone.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from quart import Quart

from storage.clock import SystemClock
from storage.database.signing_keys import SigningKeyRepository
from storage.key_ring import KeyRing
from storage.model.token import TokenType
from storage.opening import open_storage
from storage.sealing import Sealer
from storage.settings import Settings
from storage.signing import SigningKeys
from storage.tokens import Tokens
from tests.bench.load import pinned_platform
from tests.web.people import COOKIE, member
from web.auth import Authentication

PASSWORD = "correct horse battery staple"
CONNECTIONS = 16
ROUNDS = 2000
BELL = ("looks of the bell", "/api/v1/account/notifications?limit=20")


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--tries", type=int, default=1000)
    arguments = parser.parse_args()
    seconds: float = arguments.seconds
    with pinned_platform(FANLIGHT_RATE_LIMITS="1000") as platform:
        port = int(platform.origin.rpartition(":")[2])
        host = platform.origin.partition("//")[2]
        account = msgspec.json.encode({"name": "ada", "password": PASSWORD})
        status, _ = await (await Connection.open(port)).ask(request("POST", "/api/v1/accounts", host, account))
        assert status == 201
        await measure("sign-ins", port, request("POST", "/api/v1/sessions", host, account), 201, seconds)
        await compare(port, host, arguments.tries)
        _, headers = await (await Connection.open(port)).ask(request("POST", "/api/v1/sessions", host, account))
        cookie = next(line.partition(": ")[2].partition(";")[0] for line in headers if line.lower().startswith("set-cookie"))
        assert cookie.startswith(COOKIE)
        for name, path in (("reads of the session", "/api/v1/session"), ("reads of the list of sessions", "/api/v1/sessions"), BELL):
            await measure(name, port, request("GET", path, host, cookie=cookie), 200, seconds)
        await measure("reads by a stranger", port, request("GET", "/api/v1/session", host), 200, seconds)
    await alone()


class Connection:
    """A bare HTTP/1.1 connection that asks one thing at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @staticmethod
    async def open(port: int) -> "Connection":
        return Connection(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, data: bytes) -> tuple[int, list[str]]:
        self._writer.write(data)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        length = next(int(line.partition(":")[2]) for line in head if line.lower().startswith("content-length"))
        await self._reader.readexactly(length)
        return int(head[0].split()[1]), head[1:]


def request(method: str, path: str, host: str, body: bytes = b"", *, cookie: str = "") -> bytes:
    shown = f"Cookie: {cookie}\r\n" if cookie else ""
    kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{shown}{kind}\r\n".encode() + body


async def measure(name: str, port: int, data: bytes, expected: int, seconds: float) -> None:
    """Ask the same over all connections for a while."""
    taken: list[float] = []
    until = time.perf_counter() + seconds

    async def one() -> None:
        connection = await Connection.open(port)
        while (began := time.perf_counter()) < until:
            status, _ = await connection.ask(data)
            assert status == expected, status
            taken.append(time.perf_counter() - began)

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    cuts = statistics.quantiles(taken, n=100)
    print(f"{name}: {len(taken) / seconds:.0f} a second, p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms", flush=True)


async def compare(port: int, host: str, tries: int) -> None:
    """How much a refusal's time tells of whether there is such an account: wrong passwords for one and for nobody, in turn."""
    taken: dict[str, list[float]] = {"ada": [], "nobody": []}
    asked = {name: request("POST", "/api/v1/sessions", host, msgspec.json.encode({"name": name, "password": "wrong"})) for name in taken}
    for number in range(tries):
        # A connection is good for a thousand requests.
        if number % 250 == 0:
            connection = await Connection.open(port)
        for name, times in taken.items():
            began = time.perf_counter()
            status, _ = await connection.ask(asked[name])
            times.append((time.perf_counter() - began) * 1000)
            assert status == 401, status
    known, unknown = (statistics.median(times) for times in taken.values())
    spread = statistics.quantiles(taken["ada"], n=4)
    print(
        f"a wrong password, {tries} of each: known name p50 {known:.2f} ms, unknown name p50 {unknown:.2f} ms, "
        f"difference {unknown - known:+.2f} ms; quartiles of the known one {spread[0]:.2f} to {spread[2]:.2f} ms",
        flush=True,
    )


async def alone() -> None:
    """What a session costs a process that knows it, and what a token costs anybody."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), redis_url="redis://127.0.0.1:1", secret="a secret of the bench")
        async with open_storage(settings, clock) as storage:
            await storage.database.migrate()
            app = Quart("bench")
            authentication = Authentication(settings, storage, clock)
            authentication.install(app)
            ada = await member(app, storage, "ada")
            async with app.test_request_context("/", headers={"Cookie": ada.cookie, "Host": "localhost"}):
                taken = []
                for _ in range(ROUNDS):
                    began = time.perf_counter()
                    found = await authentication.actor()
                    taken.append(time.perf_counter() - began)
                assert found.account == ada.account
            print(f"who asks, by a cookie that is known: p50 {statistics.median(taken) * 1e6:.0f} us", flush=True)
            ring = KeyRing(clock)
            await SigningKeys(SigningKeyRepository(storage.database), Sealer(settings.secret, "signing-keys"), ring, clock).refresh()
            tokens = Tokens(ring, clock)
            token = tokens.issue(TokenType.ACCESS, "ada", 600, session="s" * 26)
            repeat("a token issued", lambda: tokens.issue(TokenType.ACCESS, "ada", 600, session="s" * 26))
            repeat("a token read", lambda: tokens.read(TokenType.ACCESS, token))


def repeat(name: str, work: Callable[[], object]) -> None:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    print(f"{name}: p50 {statistics.median(taken) * 1e6:.0f} us", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
