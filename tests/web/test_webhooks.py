"""Webhooks as their receivers see them: a real HTTP server on this machine."""

import asyncio
import base64
import contextlib
import hmac
import ipaddress
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from storage.clock import SystemClock
from storage.database.webhooks import MOST_PENDING, Delivery, DeliveryState, Webhook, WebhookRepository
from storage.model.account import Actor
from storage.model.errors import BadInput
from storage.model.event import Event
from storage.model.ids import NodeId
from storage.node import Tasks
from storage.opening import Storage, open_storage
from storage.sealing import Sealer
from storage.settings import Settings
from tests.fixtures.tables import with_tables
from tests.fixtures.valkey import Valkey
from tests.web.people import add_account
from web.webhooks import dispatcher, signature
from web.webhooks.post import Poster
from web.webhooks.target import checked_url, is_public
from web.webhooks.webhooks import SEALED_FOR, Webhooks

SECRET = "a secret of the tests"
KEY = signature.new_secret()


NOT_PUBLIC = """
127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 255.255.255.255 224.0.0.1 198.18.0.1
192.0.2.1 240.0.0.1 ::1 :: fe80::1 fe80::1%eth0 fc00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1
64:ff9b::7f00:1 64:ff9b:1::a00:1 2002:7f00:1:: 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:db8::1
"""


@dataclass
class Receiver:
    """An HTTP server that answers what ``answers`` says, then 204, and remembers what came."""

    url: str = ""
    answers: list[bytes] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    hang: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.requests.append((headers | {"request": head[0]}, body))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            await self.hang.wait()
            self.at_once -= 1
            writer.write(self.answers.pop(0) if self.answers else b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()


@dataclass
class Rig:
    storage: Storage
    webhooks: Webhooks
    receiver: Receiver
    webhook: Webhook

    @property
    def repository(self) -> WebhookRepository:
        return self.storage.webhooks

    async def emit(self, **payload: object) -> None:
        await self.webhooks.emit(Event.ACCOUNT_CREATED, None, payload)

    async def deliveries(self) -> list[Delivery]:
        return list(await self.repository.deliveries(self.webhook, limit=100))

    async def until(self, ready: Callable[[list[Delivery]], bool]) -> list[Delivery]:
        async with asyncio.timeout(20):
            while not ready(found := await self.deliveries()):
                await asyncio.sleep(0.05)
            return found


def answer(status: str, *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", "Content-Length: 0", *headers, "", "")).encode()


@contextlib.asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    receiver.hang.set()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?a=1"
    try:
        yield receiver
    finally:
        receiver.hang.set()
        server.close()
        await server.wait_closed()


@pytest_asyncio.fixture
async def rig(valkey: Valkey, tmp_path: Path) -> AsyncIterator[Rig]:
    clock = SystemClock()
    with_tables(tmp_path)
    async with open_storage(Settings(data=tmp_path, redis_url=valkey.url)) as storage, receiving(Receiver()) as receiver:
        owner = await add_account(storage, "owner")
        sealer = Sealer(SECRET, SEALED_FOR)
        identifier = storage.webhooks.new_id()
        webhook = await storage.webhooks.create(
            identifier, owner.id, None, url=receiver.url, secret=sealer.seal(KEY, identifier), events={Event.ACCOUNT_CREATED}
        )
        poster = Poster(private=True)
        webhooks = Webhooks(storage, sealer, poster, clock, node=NodeId("web-1"))
        async with Tasks("test") as tasks:
            tasks.start("webhooks", webhooks.run())
            yield Rig(storage, webhooks, receiver, webhook)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "PAUSES", (timedelta(milliseconds=50),) * 3)


async def test_an_event_arrives_signed(rig: Rig) -> None:
    await rig.emit(account="größe")
    await rig.webhooks.emit(Event.BROADCAST_ENDED, None, {"not": "asked for"})
    (delivery,) = await rig.until(lambda found: bool(found) and found[0].state is DeliveryState.DELIVERED)
    assert (delivery.status, delivery.attempts, delivery.error) == (204, 1, None)
    ((headers, body),) = rig.receiver.requests
    assert headers["request"] == "POST /hook?a=1 HTTP/1.1"
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == f"msg_{delivery.id}"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(KEY, signed, "sha256")).decode()
    told = json.loads(body)
    assert told["type"] == "account.created"
    assert told["data"] == {"account": "größe"}
    assert told["timestamp"].endswith("Z")


@pytest.mark.usefixtures("quick")
async def test_what_failed_is_tried_again_under_the_same_id(rig: Rig) -> None:
    rig.receiver.answers = [answer("500 Oh"), answer("302 Found", "Location: http://127.0.0.1:1/"), b"nonsense\r\n\r\n"]
    await rig.emit()
    (delivery,) = await rig.until(lambda found: bool(found) and found[0].state is DeliveryState.DELIVERED)
    assert delivery.attempts == 4
    assert len({headers["webhook-id"] for headers, _ in rig.receiver.requests}) == 1
    assert len(rig.receiver.requests) == 4
    assert (await rig.repository.get(rig.webhook.id, rig.webhook.account)).failures == 0


@pytest.mark.usefixtures("quick")
async def test_a_delivery_is_given_up_and_replayed(rig: Rig) -> None:
    rig.receiver.answers = [answer("503 No")] * 4
    await rig.emit()
    (delivery,) = await rig.until(lambda found: bool(found) and found[0].state is DeliveryState.FAILED)
    assert (delivery.status, delivery.attempts, len(rig.receiver.requests)) == (503, 4, 4)
    webhook = await rig.repository.get(rig.webhook.id, rig.webhook.account)
    assert (webhook.failures, webhook.disabled_at) == (4, None)
    await rig.repository.replay(rig.webhook, delivery.id)
    rig.webhooks.wake()
    await rig.until(lambda found: found[0].state is DeliveryState.DELIVERED)
    assert rig.receiver.requests[-1][0]["webhook-id"] == rig.receiver.requests[0][0]["webhook-id"]


@pytest.mark.usefixtures("quick")
async def test_a_webhook_that_fails_for_long_is_disabled(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "DISABLE_AFTER", timedelta(milliseconds=100))
    rig.receiver.answers = [answer("500 Oh")] * 100
    for _ in range(3):
        await rig.emit()
    await rig.until(lambda found: len(found) == 3 and all(delivery.state is DeliveryState.FAILED for delivery in found))
    webhook = await rig.repository.get(rig.webhook.id, rig.webhook.account)
    assert webhook.disabled_at is not None
    async with asyncio.timeout(5):
        while not (entries := await rig.storage.audit.list(action="webhook")):
            await asyncio.sleep(0.05)
    assert [(entry.action, entry.subject) for entry in entries] == [("webhook.disabled", webhook.id)]
    await rig.emit()
    assert len(await rig.deliveries()) == 3
    enabled = await rig.repository.change(webhook, version=webhook.version, enabled=True)
    assert (enabled.disabled_at, enabled.failures, enabled.failing_since) == (None, 0, None)


async def test_gone_means_gone(rig: Rig) -> None:
    rig.receiver.answers = [answer("410 Gone")]
    await rig.emit()
    await rig.until(lambda found: bool(found) and found[0].state is DeliveryState.FAILED)
    assert (await rig.repository.get(rig.webhook.id, rig.webhook.account)).disabled_at is not None


async def test_a_slow_receiver_has_two_at_a_time(rig: Rig) -> None:
    rig.receiver.hang.clear()
    for _ in range(8):
        await rig.emit()
    async with asyncio.timeout(5):
        while rig.receiver.at_once < 2:
            await asyncio.sleep(0.02)
    await asyncio.sleep(1.5)
    assert rig.receiver.most_at_once == 2
    rig.receiver.hang.set()
    await rig.until(lambda found: all(delivery.state is DeliveryState.DELIVERED for delivery in found))
    assert rig.receiver.most_at_once == 2
    assert len(rig.receiver.requests) == 8


async def test_what_waits_for_one_webhook_is_bounded(rig: Rig) -> None:
    rig.receiver.hang.clear()
    await asyncio.gather(*(rig.emit() for _ in range(8)))
    for _ in range(3):
        await rig.emit()
    assert len(await rig.deliveries()) == 11
    assert MOST_PENDING == 1000


async def test_one_node_of_two_delivers(rig: Rig) -> None:
    clock = SystemClock()
    other = Webhooks(rig.storage, Sealer(SECRET, SEALED_FOR), Poster(private=True), clock, node=NodeId("web-2"))
    async with Tasks("other") as tasks:
        tasks.start("webhooks", other.run())
        for _ in range(10):
            await other.emit(Event.ACCOUNT_CREATED, None, {})
        await rig.until(lambda found: len(found) == 10 and all(delivery.state is DeliveryState.DELIVERED for delivery in found))
    assert len(rig.receiver.requests) == 10


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        *((address, False) for address in NOT_PUBLIC.split()),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "https://",
        "https:///path",
        "https://user@example.org/",
        "https://user:password@example.org/",
        "https://example.org/#fragment",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://exämple.org/",
        "https://example.org/\r\nX: y",
        "https://example.org\\@127.0.0.1/",
        "https://[::1",
        "https://example.org/" + "x" * 500,
        "javascript:alert(1)",
        "",
    ],
)
def test_addresses_that_lead_elsewhere_are_refused(url: str) -> None:
    with pytest.raises(BadInput) as raised:
        checked_url(url, private=False)
    assert raised.value.code == "webhook_url_invalid"


async def test_nothing_is_sent_into_a_private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the name leads to: a literal, this machine's name, a name that answers with a public and a private address."""

    async def two_faced(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("93.184.216.34", "127.0.0.1")]

    async with receiving(Receiver()) as receiver:
        port = receiver.url.split(":")[2].partition("/")[0]
        guarded = Poster(private=False)
        for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1", "127.1"):
            outcome = await guarded.post(f"http://{host}:{port}/", b"{}", {})
            assert (outcome.status, outcome.taken) == (None, False), host
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", two_faced)
        assert (await guarded.post(f"http://rebind.example:{port}/", b"{}", {})).status is None
        assert receiver.requests == []


async def test_a_name_is_looked_up_once_and_what_was_checked_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    loop = asyncio.get_running_loop()
    real: Callable[..., Awaitable[Any]] = loop.getaddrinfo

    async def first_here_then_elsewhere(host: Any, port: Any, **rest: Any) -> Any:
        if host != "rebind.example":
            return await real(host, port, **rest)
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1" if len(looked_up) == 1 else "127.9.9.9", port))]

    async with receiving(Receiver()) as receiver:
        monkeypatch.setattr(loop, "getaddrinfo", first_here_then_elsewhere)
        port = receiver.url.split(":")[2].partition("/")[0]
        assert (await Poster(private=True).post(f"http://rebind.example:{port}/x", b"{}", {})).taken
        assert looked_up == ["rebind.example"]
        assert receiver.requests[0][0]["host"] == f"rebind.example:{port}"


async def test_a_receiver_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.webhooks.post.SECONDS", 0.5)
    async with receiving(Receiver()) as receiver:
        receiver.hang.clear()
        outcome = await Poster(private=True).post(receiver.url, b"{}", {})
        assert outcome.status is None
        assert "did not answer" in outcome.error


async def test_an_endless_answer_is_not_read() -> None:
    async with receiving(Receiver()) as receiver:
        receiver.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 1000]
        assert (await Poster(private=True).post(receiver.url, b"{}", {})).taken


async def test_an_event_without_a_database_is_lost_and_harms_nobody(tmp_path: Path) -> None:
    broken = Storage(Settings(data=tmp_path, redis_url="redis://127.0.0.1:1", database_url="postgresql://127.0.0.1:1/none"), SystemClock())
    webhooks = Webhooks(broken, Sealer(SECRET, SEALED_FOR), Poster(private=True), SystemClock(), node=NodeId("web-9"))
    await webhooks.emit(Event.ACCOUNT_CREATED, None, {})
    await broken.audit.write(Actor(None), "account.created", subject="somebody")
    await broken.close()
