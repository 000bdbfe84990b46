import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import uvloop

from ingest import relay
from ingest.feed import Feeds
from ingest.frames import (
    Control,
    Dropped,
    End,
    FrameDecoder,
    FrameError,
    Hello,
    Tracks,
    WantKeyframe,
    encode_control,
    encode_unit,
)
from ingest.relay import RelayServer
from storage.bus.messages import TrackInfo
from storage.clock import SystemClock
from storage.model.broadcast import PublishEnd
from storage.model.ids import ChannelName, SessionId
from storage.model.media import AccessUnit, Codec, TrackKind
from storage.secrets import relay_token
from tests.ingest.test_feed import AUDIO, VIDEO, Source

SECRET = "a secret of many nodes"
SESSION = SessionId("ingest-1.aabb")
CHANNEL = ChannelName("news")
DEADLINE = 10.0


class Worker:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.decoder = FrameDecoder()
        self.frames: list[AccessUnit | Control] = []

    def say(self, control: Control) -> None:
        self.writer.write(encode_control(control))

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not enough():
                data = await self.reader.read(65536)
                if not data:
                    raise ConnectionError("the relay closed the connection")
                self.frames += self.decoder.feed(data)

    async def closed(self) -> None:
        async with asyncio.timeout(DEADLINE):
            try:
                while data := await self.reader.read(65536):
                    self.frames += self.decoder.feed(data)
            except ConnectionError:
                pass

    def numbers(self, kind: TrackKind) -> list[int]:
        return [frame.sequence for frame in self.frames if isinstance(frame, AccessUnit) and frame.kind is kind]


class Node:
    def __init__(self, directory: Path) -> None:
        self.path = directory / "relay.sock"
        self.feeds = Feeds()
        self.source = Source()
        self.feeds._feeds[SESSION] = self.source.feed
        self.clock = SystemClock()
        self.server = RelayServer(self.feeds.find, SECRET, self.clock)

    @asynccontextmanager
    async def worker(self, *, tcp: bool = False) -> AsyncIterator[Worker]:
        if tcp:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.server.tcp_port)
        else:
            reader, writer = await asyncio.open_unix_connection(str(self.path))
        try:
            yield Worker(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def hello(self, after: dict[int, int] | None = None, *, session: SessionId = SESSION, secret: str = SECRET) -> Hello:
        return Hello(token=relay_token(secret, session, self.clock), channel=CHANNEL, session=session, after=after or {})


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    node = Node(tmp_path)
    async with node.server.serve(path=node.path, port=0):
        yield node
    assert not node.path.exists()


@pytest.mark.parametrize("tcp", [False, True])
async def test_a_worker_gets_the_tracks_the_newest_group_of_pictures_and_then_what_comes(node: Node, tcp: bool) -> None:
    node.source.run(120)
    async with node.worker(tcp=tcp) as worker:
        worker.say(node.hello())
        await worker.until(lambda: 120 in worker.numbers(VIDEO))
        assert worker.frames[0] == Tracks(
            tracks=(
                TrackInfo(kind=TrackKind.AUDIO, codec=Codec.OPUS, channels=2),
                TrackInfo(kind=TrackKind.VIDEO, codec=Codec.H264),
            )
        )
        assert worker.numbers(VIDEO) == list(range(101, 121))
        assert worker.numbers(AUDIO)[0] == 201
        node.source.run(5)
        await worker.until(lambda: 125 in worker.numbers(VIDEO))
        assert worker.numbers(VIDEO) == list(range(101, 126))


async def test_a_successor_goes_on_where_its_predecessor_died(node: Node) -> None:
    node.source.run(120)
    async with node.worker() as worker:
        worker.say(node.hello({VIDEO: 95, AUDIO: 180}))
        await worker.until(lambda: 120 in worker.numbers(VIDEO))
        assert worker.numbers(VIDEO) == list(range(96, 121))
        assert worker.numbers(AUDIO)[0] == 181


async def test_audio_alone_does_not_wait_long_for_a_picture(node: Node) -> None:
    async with node.worker() as worker:
        worker.say(node.hello())
        await worker.until(lambda: bool(worker.frames))
        node.source.sound()
        await worker.until(lambda: bool(worker.numbers(AUDIO)))


async def test_pictures_travel_in_pairs_and_a_keyframe_at_once(node: Node) -> None:
    async with node.worker() as worker:
        worker.say(node.hello())
        node.source.picture()
        await worker.until(lambda: worker.numbers(VIDEO) == [1])
        sent = node.server.units
        node.source.picture()
        node.source.sound()
        assert node.server.units == sent
        node.source.picture()
        assert node.server.units == sent + 3
        node.source.picture()
        await worker.until(lambda: worker.numbers(VIDEO) == [1, 2, 3, 4])
        node.source.picture()
        node.source.video = node.source.gop
        sent = node.server.units
        node.source.picture()
        assert node.server.units == sent + 2


async def test_a_worker_may_ask_for_a_keyframe(node: Node) -> None:
    async with node.worker() as worker:
        worker.say(node.hello())
        worker.say(WantKeyframe())
        await worker.until(lambda: bool(worker.frames))
        node.source.picture()
        await worker.until(lambda: bool(worker.numbers(VIDEO)))
        assert node.source.wishes == 1


async def test_the_end_is_told_and_closes_the_connection(node: Node) -> None:
    node.source.run(3)
    async with node.worker() as worker:
        worker.say(node.hello())
        await worker.until(lambda: 3 in worker.numbers(VIDEO))
        node.source.feed.end(PublishEnd.REPLACED)
        await worker.closed()
        assert worker.frames[-1] == End(reason=PublishEnd.REPLACED)
    async with node.worker() as late:
        late.say(node.hello())
        await late.closed()
        assert late.frames[-1] == End(reason=PublishEnd.REPLACED)
    assert node.source.feed.readers == 0


@pytest.mark.parametrize("forged", ["another secret", "another session", "junk"])
async def test_a_wrong_token_gets_nothing(node: Node, forged: str) -> None:
    node.source.run(3)
    hello = node.hello(secret="guessed") if forged == "another secret" else node.hello()
    if forged == "another session":
        hello = Hello(token=relay_token(SECRET, SessionId("ingest-1.ccdd"), node.clock), channel=CHANNEL, session=SESSION)
    if forged == "junk":
        hello = Hello(token="x" * 1000, channel=CHANNEL, session=SESSION)
    async with node.worker() as worker:
        worker.say(hello)
        await worker.closed()
        assert worker.frames == []
    assert node.server.refused == 1


async def test_a_session_that_is_gone_has_nothing_to_read(node: Node) -> None:
    async with node.worker() as worker:
        worker.say(node.hello(session=SessionId("ingest-1.gone")))
        await worker.closed()
        assert worker.frames == []


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xff\xff\xff\x02{}",
        b"\x00\x10\x00\x00\x02",
        b"\x00\x00\x00\x00\x02",
        b"\x00\x00\x00\x03\x02{}",
        b"\x00\x00\x00\x02\x09x",
        b"GET / HTTP/1.1\r\n\r\n",
        encode_control(WantKeyframe()),
        encode_unit(AccessUnit(TrackKind.VIDEO, 1, 2, 3, True, True, b"data")),
    ],
)
async def test_whoever_does_not_speak_the_protocol_is_cut_off(node: Node, said: bytes) -> None:
    async with node.worker() as worker:
        worker.writer.write(said)
        await worker.closed()
        assert worker.frames == []
    assert node.server.malformed == 1
    assert not node.server.connections


async def test_a_silent_connection_is_cut_off(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "HELLO_DEADLINE", 0.1)
    async with node.worker() as worker:
        await worker.closed()
    assert node.server.malformed == 1


async def test_a_slow_worker_loses_pictures_up_to_a_keyframe_and_no_one_else_does(node: Node) -> None:
    slow_socket = socket.socket(socket.AF_UNIX)
    slow_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow_socket.setblocking(False)
    await asyncio.get_running_loop().sock_connect(slow_socket, str(node.path))
    reader, writer = await asyncio.open_unix_connection(sock=slow_socket, limit=4096)
    slow = Worker(reader, writer)
    node.source.size = 100_000
    async with node.worker() as quick:
        for worker in (slow, quick):
            worker.say(node.hello())
            await worker.until(lambda worker=worker: bool(worker.frames))  # type: ignore[misc]
        for step in range(1, 101):
            node.source.run(10)
            await quick.until(lambda step=step: 10 * step in quick.numbers(VIDEO))  # type: ignore[misc]
        assert quick.numbers(VIDEO) == list(range(1, 1001))
        await slow.until(lambda: 1000 in slow.numbers(VIDEO))
    numbers = slow.numbers(VIDEO)
    lost = sum(frame.count for frame in slow.frames if isinstance(frame, Dropped) and frame.kind is VIDEO)
    assert lost == 1000 - len(numbers) > 0
    keyframes = {frame.sequence for frame in slow.frames if isinstance(frame, AccessUnit) and frame.keyframe}
    assert all(later == earlier + 1 or later in keyframes for earlier, later in pairwise(numbers))
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    "scenario",
    [
        lambda node: test_a_worker_gets_the_tracks_the_newest_group_of_pictures_and_then_what_comes(node, tcp=False),
        test_a_slow_worker_loses_pictures_up_to_a_keyframe_and_no_one_else_does,
        test_the_end_is_told_and_closes_the_connection,
    ],
)
def test_it_is_the_same_on_the_loop_of_production(tmp_path: Path, scenario: Callable[[Node], Awaitable[None]]) -> None:
    async def run() -> None:
        node = Node(tmp_path)
        async with node.server.serve(path=node.path, port=0):
            await scenario(node)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


async def test_a_worker_that_never_reads_is_cut_off(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "STALL_DEADLINE", 0.2)
    node.source.size = 100_000
    async with node.worker() as worker:
        worker.say(node.hello())
        await worker.until(lambda: bool(worker.frames))
        node.source.run(200)
        async with asyncio.timeout(DEADLINE):
            while node.server.connections:
                await asyncio.sleep(0.05)
    assert node.server.stalled == 1
    assert node.source.feed.readers == 0


async def test_only_so_many_connections_are_taken(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "CONNECTIONS_LIMIT", 1)
    async with node.worker() as first:
        first.say(node.hello())
        await first.until(lambda: bool(first.frames))
        async with node.worker() as second:
            await second.closed()
            assert second.frames == []


def test_frames_arrive_whole_however_they_were_cut() -> None:
    units = [AccessUnit(TrackKind.VIDEO, number, number * 3, -number, number == 1, True, bytes(number)) for number in range(1, 50)]
    stream = b"".join(encode_unit(unit) for unit in units) + encode_control(End(reason=PublishEnd.SILENT))
    for step in (1, 7, 1000):
        decoder = FrameDecoder()
        frames = [frame for at in range(0, len(stream), step) for frame in decoder.feed(stream[at : at + step])]
        assert frames == [*units, End(reason=PublishEnd.SILENT)]
    with pytest.raises(FrameError):
        FrameDecoder(maximum=10).feed(stream)
