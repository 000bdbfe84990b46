"""Playlists against golden files. Running with ``GOLDEN=write`` writes them anew; read them before they are committed."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import m3u8
import pytest

from storage.bus.messages import BroadcastInfo, InitEvent, RenditionInfo, WindowBatch
from storage.model.broadcast import BroadcastState
from storage.model.ids import BroadcastId, ChannelName
from storage.model.rendition import RenditionName
from tests.transcoder.hls.stream import batch, broadcast, part, segment
from transcoder.hls.playlist import Skip, render_media, render_multivariant
from transcoder.hls.window import LiveWindow

VIDEO, AUDIO = RenditionName.VIDEO, RenditionName.AUDIO
GOLDEN = Path(__file__).parent / "golden"
RENDITIONS = (
    RenditionInfo(
        name=VIDEO, codecs="avc1.42C01F", bandwidth=2_700_000, average_bandwidth=2_500_000, width=1280, height=720, frame_rate=30.0
    ),
    RenditionInfo(name=AUDIO, codecs="mp4a.40.2", bandwidth=140_000, average_bandwidth=128_000, channels=2),
)


def live(batches: Iterable[WindowBatch], *, seconds: float = 60) -> LiveWindow:
    window = LiveWindow(seconds=seconds, part_target=0.4)
    for one in batches:
        window.apply(one)
    return window


def info(*renditions: RenditionInfo) -> BroadcastInfo:
    return BroadcastInfo(
        channel=ChannelName("demo"),
        broadcast=BroadcastId("00ff00ff00ff00ff"),
        state=BroadcastState.LIVE,
        started_ms=0,
        part_target=0.4,
        target_duration=3,
        window=60,
        renditions=renditions,
    )


def media(window: LiveWindow, *, skip: Skip = Skip.NO, low_latency: bool = True) -> str:
    siblings = {"../audio/media.m3u8": window.renditions[AUDIO]} if AUDIO in window.renditions else {}
    return render_media(
        window.renditions[VIDEO],
        part_target=0.4,
        target_duration=3,
        low_latency=low_latency,
        prefix="00ff/" if low_latency else "",
        siblings=siblings,
        skip=skip,
    )


def with_a_change() -> list[WindowBatch]:
    """Two segments, then a new init after a discontinuity, a missing part, and a yet newer init announced for what follows."""
    return [
        *broadcast(2),
        batch(InitEvent(rendition=VIDEO, init=1)),
        batch(part(2, 0, init=1, discontinuity=True, discontinuity_sequence=1)),
        batch(
            part(2, 1, init=1, discontinuity_sequence=1, gap=True, size=0),
            segment(2, per_segment=2),
            InitEvent(rendition=VIDEO, init=2),
        ),
    ]


CASES = {
    "live": lambda: media(live([*broadcast(8), batch(part(8, 0)), batch(part(8, 1))])),
    "delta": lambda: media(live([*broadcast(16), batch(part(16, 0))]), skip=Skip.SEGMENTS),
    "delta-v2": lambda: media(live([*broadcast(16), batch(part(16, 0))]), skip=Skip.DATE_RANGES),
    "change": lambda: media(live(with_a_change())),
    "ended": lambda: media(live(broadcast(3, end=True))),
    "first-part": lambda: media(live([batch(part(0, 0))])),
    "plain": lambda: media(live([*broadcast(4), *list(broadcast(1, first=4, stored=False))[1:]]), low_latency=False),
    "plain-ended": lambda: media(live(broadcast(3, end=True)), low_latency=False),
    "multivariant": lambda: render_multivariant(info(*RENDITIONS)),
    "multivariant-video-only": lambda: render_multivariant(info(RENDITIONS[0]), prefix="00ff/"),
    "multivariant-audio-only": lambda: render_multivariant(info(RENDITIONS[1])),
}


@pytest.mark.parametrize("name", CASES)
def test_a_playlist_is_as_it_was_when_a_person_last_read_it(name: str) -> None:
    text, path = CASES[name](), GOLDEN / f"{name}.m3u8"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", [name for name in CASES if "multivariant" not in name])
def test_an_independent_parser_reads_a_media_playlist_back(name: str) -> None:
    text = CASES[name]()
    parsed = m3u8.loads(text)
    assert parsed.target_duration == 3
    assert not parsed.is_variant
    assert parsed.is_endlist == ("#EXT-X-ENDLIST" in text)
    complete = [one for one in parsed.segments if one.uri]
    assert [one.uri for one in complete] == [line for line in text.splitlines() if line and not line.startswith("#")]
    assert sum(len(one.parts) for one in parsed.segments) == text.count("#EXT-X-PART:")
    if name == "live":
        assert parsed.server_control.can_skip_until == 18
        assert parsed.server_control.hold_back == 9
        assert parsed.server_control.part_hold_back == pytest.approx(1.2)
        assert parsed.part_inf.part_target == pytest.approx(0.4)
        assert parsed.preload_hint.uri == "00ff/8.2.m4s"
        assert (parsed.rendition_reports[0].last_msn, parsed.rendition_reports[0].last_part) == (7, 4)
        assert parsed.segments[0].program_date_time == datetime(2025, 11, 22, 8, 26, 40, 123_000, UTC)
    if name.startswith("delta"):
        assert parsed.skip.skipped_segments == 6
        assert parsed.media_sequence == 0


def test_an_independent_parser_reads_the_multivariant_playlist_back() -> None:
    parsed = m3u8.loads(CASES["multivariant"]())
    stream = parsed.playlists[0].stream_info
    assert (stream.bandwidth, stream.average_bandwidth) == (2_840_000, 2_628_000)
    assert (stream.resolution, stream.frame_rate, stream.codecs) == ((1280, 720), 30.0, "avc1.42C01F,mp4a.40.2")
    assert parsed.playlists[0].uri == "video/media.m3u8"
    assert (parsed.media[0].type, parsed.media[0].uri, parsed.media[0].group_id) == ("AUDIO", "audio/media.m3u8", stream.audio)


@pytest.mark.parametrize("later", range(8))
def test_a_delta_update_laid_over_the_playlist_before_it_is_the_playlist_itself(later: int) -> None:
    batches = list(broadcast(22))
    window = live(batches[:90])
    before = media(window).splitlines()
    for one in batches[90 : 90 + later]:
        window.apply(one)
    full, delta = media(window).splitlines(), media(window, skip=Skip.SEGMENTS).splitlines()
    skip = next(index for index, line in enumerate(delta) if line.startswith("#EXT-X-SKIP"))
    skipped = int(delta[skip].rpartition("=")[2])
    removed = int(full[6].rpartition(":")[2]) - int(before[6].rpartition(":")[2])
    addresses = [line for line in before if not line.startswith("#")][removed : removed + skipped]
    kept = [line for line in delta[skip + 1 :] if not line.startswith("#")]
    assert addresses + kept == [line for line in full if not line.startswith("#")]
    repeated = delta[skip + 1]
    assert repeated.startswith("#EXT-X-MAP:")
    assert full[-len(delta[skip + 2 :]) :] == delta[skip + 2 :]


def test_a_playlist_too_short_to_skip_anything_is_answered_whole() -> None:
    window = live(broadcast(4))
    assert media(window, skip=Skip.SEGMENTS) == media(window)


def test_an_ended_playlist_is_never_a_delta_update() -> None:
    window = live(broadcast(20, end=True))
    assert media(window, skip=Skip.SEGMENTS) == media(window)


def test_players_stay_as_far_behind_as_the_operator_wants() -> None:
    window = live(broadcast(2)).renditions[VIDEO]
    closer = render_media(window, part_target=0.25, target_duration=3, low_latency=True, hold_back=2.5)
    assert "PART-HOLD-BACK=0.625" in closer
    assert ",HOLD-BACK=9.0," in closer
