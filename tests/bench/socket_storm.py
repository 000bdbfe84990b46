"""Everybody comes at once: ``python -m tests.bench.socket_storm [--sockets N] [--spread SECONDS]``.

A web process with a database and a bus has one core, the visitors the other. Each signed-in visitor asks for a ticket, connects, shows
it and is welcomed, as a page does after its node was restarted.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import uvloop

from chat.descriptors import raise_limit
from storage.model.session import SessionKind
from storage.opening import open_storage
from storage.settings import Settings
from tests.bench.socket_peers import READER_CORE, SERVER_CORE
from tests.chat.raw import Client, said
from tests.fixtures.valkey import Valkey
from tests.nodes.instance import environment
from tests.web.people import COOKIE, add_account
from web.cookies import csrf_token

ACCOUNTS = 500
RETRIES: list[float] = []
SPREAD = 8.0
"""Seconds over which the visitors come: a node that stops asks them to, see ``chat.server.SPREAD``."""


async def cookies(settings: Settings) -> list[tuple[str, str]]:
    """A session's cookie and CSRF token for each of many accounts."""
    found = []
    async with open_storage(settings) as storage:
        await storage.database.migrate()
        for number in range(ACCOUNTS):
            account = await add_account(storage, f"visitor{number}")
            session, secret = await storage.sessions.start(account, SessionKind.BROWSER, user_agent="", address="")
            found.append((f"{COOKIE}={session.id}.{secret}", csrf_token(secret)))
    return found


async def ticket(port: int, cookie: str, csrf: str) -> str:
    """Asked for again, as pages do, where the server says that it is too busy."""
    while not (told := await ask_for_ticket(port, cookie, csrf)):
        RETRIES.append(time.monotonic())
        await asyncio.sleep(random.uniform(1, 2))
    return told


async def ask_for_ticket(port: int, cookie: str, csrf: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = (
        "POST /api/v1/sockets HTTP/1.1",
        f"Host: localhost:{port}",
        f"Cookie: {cookie}",
        f"X-CSRF-Token: {csrf}",
        *("Sec-Fetch-Site: same-origin", "Content-Length: 0", "Connection: close", "", ""),
    )
    writer.write("\r\n".join(lines).encode())
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head or head.split()[1] == b"503":
        return ""
    assert head.split()[1] == b"200", answer
    return str(json.loads(body)["ticket"])


async def storm(port: int, shown: list[tuple[str, str]], sockets: int, spread: float, *, strangers: bool) -> float:
    """Seconds until everybody is welcome."""
    clients: list[Client] = []

    async def one(number: int) -> None:
        await asyncio.sleep(spread * number / sockets)
        mine = "" if strangers else await ticket(port, *shown[number % ACCOUNTS])
        client = await Client.ask(port)
        client.writer.write(said(type="hello", version=1, ticket=mine))
        told = await client.told()
        assert told["type"] == "welcome", told
        clients.append(client)

    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(sockets):
            tasks.create_task(one(number))
    seconds = time.monotonic() - began
    for client in clients:
        client.writer.transport.abort()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sockets", type=int, default=5_000)
    parser.add_argument("--spread", type=float, default=SPREAD)
    arguments = parser.parse_args()
    raise_limit()
    os.sched_setaffinity(0, {READER_CORE})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bus = Valkey(folder)
        bus.start()
        shown = uvloop.run(cookies(Settings(data=folder, redis_url=bus.url)))
        many = {f"FANLIGHT_CHAT_SOCKETS{which}": "100000" for which in ("", "_PER_ADDRESS", "_PER_ACCOUNT")}
        variables = environment(folder, REDIS_URL=bus.url, FANLIGHT_SECRET="a secret of the benchmark", FANLIGHT_RATE_LIMITS="0", **many)
        command = ["taskset", "--cpu-list", str(SERVER_CORE), sys.executable, "-m", "web", "node", "--roles", "web", "--one-machine"]
        process = subprocess.Popen(command, env=variables)
        port = int(variables["FANLIGHT_PORT"])
        try:
            uvloop.run(ready(port))
            seen = psutil.Process(process.pid)
            for who, strangers in (("with tickets", False), ("strangers", True)):
                cpu = sum(seen.cpu_times()[:2])
                seconds = uvloop.run(storm(port, shown, arguments.sockets, arguments.spread, strangers=strangers))
                used = sum(seen.cpu_times()[:2]) - cpu
                work = f"{used:.1f} s of processor, {len(RETRIES)} asked again"
                print(f"{arguments.sockets} sockets at once, {who}: {seconds:.1f} s (target 10), {work}", flush=True)
                time.sleep(3)
        finally:
            process.kill()
            process.wait()
            bus.kill()


async def ready(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                async with await Client.greeted(port):
                    return
            except OSError:
                await asyncio.sleep(0.1)


if __name__ == "__main__":
    main()
