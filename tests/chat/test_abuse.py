"""What strangers throw at a chat node: each is answered with its code within a second or so, costs next to nothing, and leaves nothing."""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from chat.protocol import LONGEST_FRAME, Close
from tests.chat.conftest import free_port
from tests.chat.process import ChatProcess, chat_process
from tests.chat.raw import BINARY, CLOSE, CONTINUATION, HELLO, PING, Client, frame, said

MEBIBYTE = 1 << 20
HONEST = "127.0.0.9"


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatProcess]:
    with chat_process(tmp_path_factory.mktemp("chat"), free_port(), FANLIGHT_CHAT_SOCKETS_PER_ADDRESS="1000") as node:
        yield node


@pytest_asyncio.fixture
async def unharmed(chat: ChatProcess) -> AsyncIterator[None]:
    """After the test an honest client is served at once, nothing is held and memory is as before."""
    async with await Client.greeted(chat.port, source=HONEST):
        pass
    before, descriptors = chat.resident(), chat.descriptors()
    yield
    began = time.monotonic()
    async with await Client.greeted(chat.port, source=HONEST):
        assert time.monotonic() - began < 1
    async with asyncio.timeout(5):
        while await chat.metric("fanlight_chat_sockets"):
            await asyncio.sleep(0.05)
    async with asyncio.timeout(8):
        while chat.descriptors() > descriptors + 2:
            await asyncio.sleep(0.05)
    assert chat.resident() < before + 12 * MEBIBYTE


BOMB = zlib.compress(b" " * 50 * MEBIBYTE)[2:-4]
JOIN = said(type="join", id="1", room="main")
EMPTY = frame(b"", fin=False) + frame(b"", CONTINUATION, fin=False) * 10_000


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        pytest.param(frame(b"", length=2**63), Close.PROTOCOL, id="a declared length of 2^63"),
        pytest.param(frame(b"", length=2**62), Close.TOO_LARGE, id="a declared length of 2^62"),
        pytest.param(frame(b"x" * (LONGEST_FRAME + 1)), Close.TOO_LARGE, id="a message that is too large"),
        pytest.param(
            frame(b"x" * 9000, fin=False) + frame(b"x" * 9000, CONTINUATION), Close.TOO_LARGE, id="a message that is too large in fragments"
        ),
        pytest.param(frame(BOMB[:LONGEST_FRAME], reserved=4), Close.PROTOCOL, id="a decompression bomb"),
        pytest.param(frame(b"x", masked=False), Close.PROTOCOL, id="no mask"),
        *(pytest.param(frame(b"x", reserved=bits), Close.PROTOCOL, id=f"reserved bits {bits}") for bits in range(1, 8)),
        pytest.param(frame(b"\xff\xfe"), Close.NOT_UTF8, id="no UTF-8"),
        pytest.param(frame(b"x" * 126, PING), Close.PROTOCOL, id="a ping of 126 bytes"),
        pytest.param(frame(b"x" * 126, CLOSE), Close.PROTOCOL, id="a close of 126 bytes"),
        pytest.param(frame(b"x", 3), Close.PROTOCOL, id="an opcode nobody knows"),
        pytest.param(frame(b"x", BINARY), Close.NOT_TEXT, id="binary"),
        pytest.param(EMPTY, Close.FLOOD, id="ten thousand empty fragments"),
        pytest.param(frame(b"x" * 125, PING) * 10_000, Close.FLOOD, id="a flood of pings"),
        pytest.param(JOIN * 3000, Close.FLOOD, id="a flood of joins"),
        pytest.param((JOIN + said(type="leave", id="2", room="main")) * 1000, Close.FLOOD, id="join and leave churn"),
        pytest.param(frame(b"nonsense") * 10, Close.BAD_FRAME, id="frame after frame that can't be read"),
        pytest.param(frame(b"[" * LONGEST_FRAME) * 10, Close.BAD_FRAME, id="depth"),
        pytest.param(HELLO, Close.POLICY, id="a second hello"),
        pytest.param(frame(b"\x03\xe7", CLOSE), Close.PROTOCOL, id="a close with no code"),
    ],
)
@pytest.mark.usefixtures("unharmed")
async def test_an_attack_is_answered_with_its_code(chat: ChatProcess, attack: bytes, code: Close) -> None:
    began = time.monotonic()
    async with await Client.ask(chat.port, {"Sec-WebSocket-Extensions": "permessage-deflate"}) as client:
        assert "sec-websocket-extensions" not in client.headers
        client.send(HELLO)
        assert (await client.told())["type"] == "welcome"
        client.send(attack)

        assert await client.closed() == code
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("unharmed")
async def test_twenty_flooders_at_once_cost_little_and_others_are_served(chat: ChatProcess) -> None:
    before = chat.resident()
    peak, slowest = 0, 0.0

    async def flood() -> int:
        async with await Client.greeted(chat.port) as client:
            block = said(type="send", id="1", room="main", text="x" * 400) * 2000
            client.send(*[block] * 10)
            return await client.closed()

    floods = [asyncio.ensure_future(flood()) for _ in range(20)]
    async with await Client.greeted(chat.port, source=HONEST) as honest:
        while not all(one.done() for one in floods):
            began = time.monotonic()
            honest.send(said(type="ping"))
            assert (await honest.told())["type"] == "pong"
            slowest = max(slowest, time.monotonic() - began)
            peak = max(peak, chat.resident())
            await asyncio.sleep(0.2)

    # Their own fault may hit them before the goodbye does: then they see a reset.
    assert {one.result() for one in floods} <= {Close.FLOOD, 0}
    assert peak < before + 20 * MEBIBYTE
    assert slowest < 3


@pytest.mark.usefixtures("unharmed")
async def test_who_says_no_hello_is_gone_after_five_seconds(chat: ChatProcess) -> None:
    silent = [await Client.ask(chat.port) for _ in range(3)]
    silent[1].send(frame(b"", PING))
    silent[2].send(HELLO[:10])
    began = time.monotonic()

    assert [await client.closed() for client in silent] == [Close.NO_HELLO] * 3
    assert time.monotonic() - began < 8
    for client in silent:
        await client.leave()


@pytest.mark.usefixtures("unharmed")
async def test_other_first_frames_than_hello_end_it(chat: ChatProcess) -> None:
    for first in (
        said(type="ping"),
        JOIN,
        frame(b"x"),
        said(type="hello"),
        said(type="hello", version=0),
    ):
        async with await Client.ask(chat.port) as client:
            client.send(first)
            assert await client.closed() == Close.NO_HELLO


@pytest.mark.usefixtures("unharmed")
async def test_many_connections_that_are_cut_in_the_middle_of_anything_leave_nothing(chat: ChatProcess) -> None:
    beginnings = [b"", HELLO[:1], HELLO[:5], HELLO, HELLO + JOIN, HELLO + frame(b"x" * 100)[:50]]
    for _ in range(10):
        for beginning in beginnings:
            client = await Client.ask(chat.port)
            client.send(beginning)
            await client.leave()


async def test_a_node_that_stops_says_when_to_come_back_and_stops_in_time_even_in_a_flood(tmp_path: Path) -> None:
    process = chat_process(tmp_path, free_port())
    node = await asyncio.to_thread(process.__enter__)
    clients = [await Client.greeted(node.port, source=HONEST) for _ in range(30)]
    block = said(type="ping") * 2000

    async def flood() -> None:
        with suppress(OSError, asyncio.IncompleteReadError, AssertionError):
            while True:
                async with await Client.greeted(node.port) as flooder:
                    flooder.send(*[block] * 20)
                    await flooder.closed()

    floods = [asyncio.ensure_future(flood()) for _ in range(10)]
    await asyncio.sleep(0.5)
    stopped = asyncio.ensure_future(asyncio.to_thread(node.stop))

    byes = [await client.told() for client in clients]
    codes = [await client.closed() for client in clients]
    seconds = await stopped

    for one in floods:
        one.cancel()
    await asyncio.wait(floods)
    for client in clients:
        await client.leave()
    await asyncio.to_thread(process.__exit__, None, None, None)
    assert {bye["type"] for bye in byes} == {"bye"}
    assert {bye["code"] for bye in byes} == {Close.RESTART}
    assert len({bye["retry_after"] for bye in byes}) > 1
    assert codes == [Close.RESTART] * 30
    assert seconds < 8
