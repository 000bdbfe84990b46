"""What an edge keeps of a broadcast, without any process or clock."""

import pytest

from storage.bus.messages import BroadcastInfo, EndEvent, WindowBatch
from storage.bus.topics import init_key, part_key
from storage.model.rendition import RenditionName
from tests.edge.publisher import AUDIO as AUDIO_INFO
from tests.edge.publisher import VIDEO as VIDEO_INFO
from tests.edge.waits import enter
from tests.transcoder.hls.stream import batch, broadcast, part, segment
from tests.transcoder.hls.test_playlist import info
from transcoder.hls.playlist import Skip
from transcoder.hls.window import Position
from web.edge.answers import Answer, Playlist
from web.edge.audience import Audience
from web.edge.broadcast import Hot, LiveBroadcast
from web.edge.gate import Gate, Hall, Left
from web.edge.routes import MediaRequest

VIDEO, AUDIO = RenditionName.VIDEO, RenditionName.AUDIO
INFO: BroadcastInfo = info(VIDEO_INFO, AUDIO_INFO)


class Fixture:
    def __init__(self) -> None:
        self.hot: Hot = {}
        self.hall = Hall(limit=10)
        self.live = LiveBroadcast(INFO, self.hall, self.hot, Audience())

    def take(self, *batches: WindowBatch) -> list[str]:
        """Apply batches with bytes of the announced sizes (a thousand and the part's number); returns what was wanted."""
        keys = self.live.wanted(batches)
        self.live.take(batches, {key: b"init" if ":init:" in key else bytes(1000 + int(key.rpartition(".")[2])) for key in keys})
        return keys


@pytest.fixture
def edge() -> Fixture:
    return Fixture()


def parts_of(keys: list[str], rendition: RenditionName) -> list[str]:
    return [key.rpartition(":")[2] for key in keys if key.startswith(part_key(INFO.broadcast, rendition, 0, 0).removesuffix("0.0"))]


def test_each_announced_part_is_fetched_once_with_its_init(edge: Fixture) -> None:
    assert init_key(INFO.broadcast, VIDEO, 0) in edge.take(batch(part(0, 0)))
    assert edge.take(batch(part(0, 0))) == []
    assert edge.take(batch(part(0, 1))) == [part_key(INFO.broadcast, VIDEO, 0, 1)]


def test_joining_late_fetches_what_is_young_or_not_stored(edge: Fixture) -> None:
    batches = [*broadcast(20), *list(broadcast(2, first=20, stored=False))[1:]]
    fetched = {key.partition(".")[0] for key in parts_of(edge.live.wanted(batches), VIDEO)}
    assert fetched == {str(msn) for msn in range(16, 22)}


def test_parts_are_let_go_once_they_are_old_and_stored(edge: Fixture) -> None:
    for one in broadcast(30):
        edge.take(one)
    held = {path.rpartition("/")[2].partition(".")[0] for path in edge.hot if "/video/" in path and path.endswith(".m4s")}
    # Listed for 9 s, kept for 9 s more; a segment lasts two.
    assert held == {str(msn) for msn in range(20, 30)}
    assert edge.live.memory == 2 * 10 * sum(1000 + number for number in range(5))


def test_parts_are_held_as_long_as_their_segment_is_not_stored(edge: Fixture) -> None:
    for one in broadcast(30, stored=False):
        edge.take(one)
    assert edge.live.memory == 2 * 30 * sum(1000 + number for number in range(5))
    for one in list(broadcast(20, first=30, stored=False))[1:]:
        edge.take(one)
    assert edge.live.memory == 2 * 30 * sum(1000 + number for number in range(5))


def test_bytes_of_another_size_than_announced_are_not_served(edge: Fixture) -> None:
    edge.live.take([batch(part(0, 0))], {part_key(INFO.broadcast, VIDEO, 0, 0): b"short"})
    assert edge.live.part(VIDEO, 0, 0) is Position.READY
    assert edge.live.parts_missing == 1
    edge.live.take([batch(part(0, 0))], {part_key(INFO.broadcast, VIDEO, 0, 0): bytes(1000)})
    assert isinstance(edge.live.part(VIDEO, 0, 0), Answer)


def test_a_hinted_part_that_never_comes_sends_its_waiters_to_look_again(edge: Fixture) -> None:
    edge.take(batch(part(0, 0)))
    gate: Gate[tuple[int, int], Answer] = edge.live.part_gate(VIDEO)
    wait = enter(gate, (0, 1))
    edge.take(batch(segment(0, per_segment=1)))
    assert wait.outcomes == [Left.RETRY]
    assert edge.live.part(VIDEO, 0, 1) is Position.GONE


def test_only_those_whose_position_is_there_are_released(edge: Fixture) -> None:
    edge.take(batch(part(0, 0)))
    delivery = edge.live.deliveries[VIDEO]
    soon = enter(delivery.gate, (0, 1, Skip.NO))
    later = enter(delivery.gate, (0, 3, Skip.NO))
    edge.take(batch(part(0, 1)))
    (found,) = soon.outcomes
    assert isinstance(found, Playlist)
    assert not later.outcomes
    edge.take(batch(EndEvent()))
    (found,) = later.outcomes
    assert isinstance(found, Playlist)
    assert b"ENDLIST" in found.plain.body


def test_a_version_is_rendered_once_for_all_who_ask(edge: Fixture) -> None:
    for one in broadcast(12):
        edge.take(one)
    delivery = edge.live.deliveries[VIDEO]
    queries = ["", "_HLS_msn=11", "_HLS_msn=11&_HLS_part=3", "_HLS_msn=3", "x=1&_HLS_msn=11"]
    before = delivery.rendered
    answers = {id(delivery.find(MediaRequest(INFO.channel, VIDEO, None if query == "" else 11), query)) for query in queries}
    assert len(answers) == 2
    assert delivery.rendered == before + 2
    assert set(delivery.known) == set(queries)
    edge.take(batch(part(12, 0)))
    assert not delivery.known


def test_a_broadcast_without_sound_has_no_audio_playlist() -> None:
    silent = LiveBroadcast(info(VIDEO_INFO), Hall(limit=1), {}, Audience())
    assert silent.may_have(VIDEO)
    assert not silent.may_have(AUDIO)
    assert LiveBroadcast(info(), Hall(limit=1), {}, Audience()).may_have(AUDIO)


def test_closing_leaves_no_address_behind(edge: Fixture) -> None:
    for one in broadcast(12):
        edge.take(one)
    assert edge.hot
    edge.live.close()
    assert not edge.hot
    assert edge.live.memory == 0


def test_the_next_broadcasts_playlists_are_not_taken_down_with_the_old_ones(edge: Fixture) -> None:
    for one in broadcast(2):
        edge.take(one)
    following = LiveBroadcast(INFO, edge.hall, edge.hot, Audience())
    following.take([batch(part(0, 0))], {})
    edge.live.retire()
    assert edge.hot["/hls/demo/video/media.m3u8"] is following.deliveries[VIDEO]


def test_viewers_are_forgotten_two_turns_after_they_were_last_seen() -> None:
    audience = Audience()
    for client in (1, 2, 2, 3):
        audience.saw(client)
    assert audience.count == 3
    audience.turn()
    audience.saw(1)
    assert audience.count == 3
    audience.turn()
    assert audience.count == 1
    audience.turn()
    assert audience.count == 0
