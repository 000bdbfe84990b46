"""What is announced together: a playlist never hints at a part of a segment whose end was known."""

import pytest

from storage.bus.messages import PartEvent, SegmentEvent, TrackInfo, WindowEvent
from storage.model.media import Codec, TrackKind
from tests.transcoder.media import Arrival, arriving, audio_units, every, steady, video_units
from tests.transcoder.viewer import H264_AND_OPUS, TIMING, Viewer, run

VP8_AND_OPUS = (TrackInfo(kind=TrackKind.VIDEO, codec=Codec.VP8), TrackInfo(kind=TrackKind.AUDIO, codec=Codec.OPUS, channels=2))
OPUS = (TrackInfo(kind=TrackKind.AUDIO, codec=Codec.OPUS, channels=2),)


class Watchful(Viewer):
    """Sees to it that a segment is closed in the batch that has its last part."""

    def __init__(self) -> None:
        super().__init__(TIMING)
        self.closed = 0

    def take(self, events: list[WindowEvent], blobs: dict[str, bytes], now: int = 0) -> None:
        last: dict[object, PartEvent] = {}
        for event in events:
            if isinstance(event, PartEvent):
                last[event.rendition] = event
            elif isinstance(event, SegmentEvent):
                self.closed += 1
                assert event.rendition in last, f"{event} came without its last part"
                assert last[event.rendition].msn == event.msn
        super().take(events, blobs, now)


def passing() -> list[Arrival]:
    return arriving(video_units(steady(30, 7), keyframe=every(1.7)), audio_units(7))


def freezing() -> list[Arrival]:
    times = [*steady(30, 3), *steady(30, 4, start=6.0)]
    return arriving(video_units(times, keyframe=lambda index, second: index == 0 or second in {2.0, 6.5, 8.5}), audio_units(10))


def growing() -> list[Arrival]:
    first = video_units(steady(30, 3), keyframe=every(2.0))
    return arriving(first + video_units(steady(30, 3, start=3.0), keyframe=every(2.0), size=(640, 360), sequence=len(first) + 1))


def encoded() -> list[Arrival]:
    return arriving(video_units(steady(30, 6), keyframe=every(2.0), codec=Codec.VP8), audio_units(6))


@pytest.mark.parametrize(
    ("arrivals", "tracks"),
    [
        pytest.param(passing(), H264_AND_OPUS, id="pass-through"),
        pytest.param(freezing(), H264_AND_OPUS, id="freeze"),
        pytest.param(growing(), H264_AND_OPUS, id="another size"),
        pytest.param(encoded(), VP8_AND_OPUS, id="encoded"),
        pytest.param(arriving(audio_units(6)), OPUS, id="sound alone"),
    ],
)
def test_a_segment_is_closed_in_the_batch_that_has_its_last_part(arrivals: list[Arrival], tracks: tuple[TrackInfo, ...]) -> None:
    viewer = Watchful()
    run(arrivals, tracks=tracks, viewer=viewer)
    assert viewer.closed >= 3
