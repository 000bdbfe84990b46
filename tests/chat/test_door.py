"""What Hypercorn and Quart have to be for ``web.socket_door``: each test fails where an upgrade changed one of their private names."""

import asyncio
import gc
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
import websockets
from h2.settings import SettingCodes
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.ws_stream import WSStream

from storage.settings import Settings
from tests.chat.conftest import Node
from tests.chat.raw import KEY, Client, frame, said


def hypercorns() -> int:
    gc.collect()
    return sum(isinstance(thing, (TCPServer, H11Protocol, WSStream)) for thing in gc.get_objects())


async def test_of_hypercorn_nothing_stays_with_a_socket(node: Node, no_leaks: Callable[[], Counter[str]]) -> None:
    async with asyncio.timeout(5):
        while hypercorns():
            await asyncio.sleep(0.05)

    clients = [await Client.greeted(node.port) for _ in range(5)]

    async with asyncio.timeout(5):
        while hypercorns():
            await asyncio.sleep(0.05)
    assert len(node.server) == 5
    assert no_leaks().keys() == {"descriptor socket"}
    for client in clients:
        client.send(said(type="ping"))
        assert (await client.told())["type"] == "pong"
        await client.leave()
    await node.empty()


async def test_what_a_client_says_before_its_upgrade_is_answered_is_refused(node: Node) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    lines = (
        "GET /ws HTTP/1.1",
        "Host: x",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {KEY}",
        "Sec-WebSocket-Version: 13",
        "",
        "",
    )
    writer.write("\r\n".join(lines).encode() + said(type="hello", version=1))

    answer = await asyncio.wait_for(reader.read(), 5)

    assert answer.split(b"\r\n")[0].split()[1] == b"400"
    writer.close()
    await node.works()


async def test_a_real_client_is_served_without_compression(node: Node) -> None:
    async with websockets.connect(f"ws://127.0.0.1:{node.port}/ws", compression="deflate") as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers
        await client.send('{"type": "hello", "version": 1, "client": "websockets"}')
        welcome: Any = json.loads(await client.recv())
        assert welcome["account"] is None
        await client.send(["{", '"type": "ping"', "}"])
        assert json.loads(await client.recv())["type"] == "pong"
        assert await (await client.ping()) >= 0
    assert client.close_code == 1000
    await node.empty()


async def test_http_2_does_not_offer_sockets(node: Node) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    connection.initiate_connection()
    writer.write(connection.data_to_send())
    offered: dict[Any, Any] = {}
    async with asyncio.timeout(5):
        while not offered:
            for event in connection.receive_data(await reader.read(65536)):
                if isinstance(event, h2.events.RemoteSettingsChanged):
                    offered = event.changed_settings
    writer.close()

    assert SettingCodes.MAX_CONCURRENT_STREAMS in offered
    assert not connection.remote_settings.enable_connect_protocol


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {"Origin": "https://evil.example"}),
        (403, {"Origin": "null"}),
        (403, {"Origin": ""}),
        (403, {"Origin": "http://127.0.0.1:1"}),
        (403, {"Cookie": "fanlight=x"}),
        (400, {"Sec-WebSocket-Protocol": "soap"}),
        (400, {"Sec-WebSocket-Key": None}),
        (400, {"Sec-WebSocket-Key": "short"}),
        (400, {"Sec-WebSocket-Version": "12"}),
        (400, {"Sec-WebSocket-Version": None}),
    ],
)
async def test_who_may_not_open_a_socket_is_told_before_it_is_one(node: Node, status: int, headers: dict[str, str | None]) -> None:
    async with await Client.ask(node.port, headers) as client:
        assert client.status == status
        assert await asyncio.wait_for(client.reader.read(), 2) == b""
    assert len(node.server) == 0
    await node.works()


async def test_a_request_without_an_upgrade_and_an_upgrade_elsewhere_are_refused(node: Node) -> None:
    async with await Client.ask(node.port, {"Upgrade": None, "Connection": None}) as plain:
        assert plain.status == 400
        assert json.loads(plain.body)["code"] == "bad_request"
    async with await Client.ask(node.port, path="/other") as elsewhere:
        assert elsewhere.status == 404
    async with await Client.ask(node.port, {"Upgrade": "h3"}) as other:
        assert other.status == 400


@pytest.mark.parametrize(
    "settings", [Settings(secret="x" * 32, public_url="https://live.example", cors_origins=("https://tools.example",))]
)
async def test_our_pages_the_configured_ones_and_programs_may(node: Node) -> None:
    asked: tuple[dict[str, str | None], ...] = (
        {"Origin": "https://live.example", "Cookie": "a=b"},
        {"Origin": "https://tools.example"},
        {"Origin": f"http://127.0.0.1:{node.port}"},
        {},
    )
    for headers in asked:
        async with await Client.ask(node.port, headers) as client:
            assert client.status == 101
            assert "sec-websocket-extensions" not in client.headers
            client.send(frame(b'{"type": "hello", "version": 1}'))
            assert (await client.told())["type"] == "welcome"
