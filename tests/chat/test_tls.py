"""A socket over TLS: the transport is another one, what it does is the same."""

import asyncio
import json
import ssl
import time
from pathlib import Path
from typing import cast

import pytest
import websockets

from chat.protocol import Close
from tests.chat.conftest import Node
from tests.chat.raw import said
from tests.nodes.instance import self_signed


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    return self_signed(tmp_path)


async def connected(node: Node, tmp_path: Path) -> websockets.ClientConnection:
    trust = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    client = await websockets.connect(f"wss://127.0.0.1:{node.port}/ws", ssl=trust)
    await client.send(json.dumps({"type": "hello", "version": 1}))
    assert json.loads(await client.recv())["type"] == "welcome"
    return client


async def test_a_socket_over_tls_is_served_and_told_why_it_ends(node: Node, tmp_path: Path) -> None:
    client, other = await connected(node, tmp_path), await connected(node, tmp_path)
    await client.send('{"type": "ping"}')
    assert json.loads(await client.recv())["type"] == "pong"
    await client.close()
    assert client.close_code == 1000
    await other.send(b"binary")
    assert json.loads(await other.recv())["code"] == Close.NOT_TEXT
    with pytest.raises(websockets.ConnectionClosedError):
        await other.recv()
    assert other.close_code == Close.NOT_TEXT
    await node.empty()


async def test_a_node_that_stops_tells_clients_over_tls(node: Node, tmp_path: Path) -> None:
    client = await connected(node, tmp_path)
    began = time.monotonic()
    await node.server.drain()

    assert time.monotonic() - began < 3
    assert json.loads(await client.recv())["code"] == Close.RESTART
    with pytest.raises(websockets.ConnectionClosedError):
        await client.recv()
    assert client.close_code == Close.RESTART


async def test_a_client_over_tls_that_reads_nothing_is_closed(node: Node, tmp_path: Path) -> None:
    trust = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port, ssl=trust)
    lines = (
        "GET /ws HTTP/1.1",
        f"Host: 127.0.0.1:{node.port}",
        *("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13", "", ""),
    )
    writer.write("\r\n".join(lines).encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.write(said(type="hello", version=1) + said(type="join", id="j", room="main"))
    async with asyncio.timeout(5):
        while not node.frames.room:
            await asyncio.sleep(0.01)
    cast("asyncio.Transport", writer.transport).pause_reading()
    payload = json.dumps({"type": "presence", "filler": "x" * 4000}).encode()
    async with asyncio.timeout(10):
        while node.frames.room:
            for _ in range(20):
                node.frames.say(payload)
            await asyncio.sleep(0)
    writer.transport.abort()
    await node.empty()
