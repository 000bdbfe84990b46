import itertools
from itertools import pairwise

from storage.bus.messages import TrackInfo
from storage.model.media import Codec, TrackKind
from storage.model.rendition import RenditionName
from tests.transcoder.media import arriving, audio_units, clicks, every, flashing, steady, video_units
from tests.transcoder.viewer import TIMING, Viewer, run
from transcoder.lane import Lane


def onsets(viewer: Viewer) -> list[float]:
    start, samples = viewer.sound()
    found: list[float] = []
    quiet = 10_000
    for index, sample in enumerate(samples):
        if abs(sample) > 0.1:
            if quiet > 4800:
                found.append(start + index / 48_000)
            quiet = 0
        else:
            quiet += 1
    return found


def flashes(viewer: Viewer) -> list[float]:
    pictures = viewer.pictures()
    return [after[0] for before, after in itertools.pairwise(pictures) if before[1] < 128 <= after[1]]


def test_a_plain_broadcast_passes_through_whole() -> None:
    video = video_units(steady(30, 7), keyframe=every(2.0))
    viewer, packager = run(arriving(video, audio_units(7)))
    assert viewer.ended
    assert packager.video is not None
    assert packager.video.switches == 0
    pictures = viewer.pictures()
    assert len(pictures) == len(video)
    assert [segment.duration for segment in viewer.video.segments[:3]] == [2.0, 2.0, 2.0]
    assert viewer.video.discontinuities == []
    assert len(viewer.video.inits) == len(viewer.audio.inits) == 1
    _, samples = viewer.sound()
    assert abs(len(samples) / 48_000 - 7) < 0.05
    info = {rendition.name: rendition for rendition in packager.renditions}
    assert info[RenditionName.VIDEO].codecs.startswith("avc1.42C0")
    assert (info[RenditionName.VIDEO].width, info[RenditionName.VIDEO].height, info[RenditionName.VIDEO].frame_rate) == (320, 180, 30.0)
    assert 0 < info[RenditionName.VIDEO].average_bandwidth <= info[RenditionName.VIDEO].bandwidth
    assert info[RenditionName.AUDIO].codecs == "mp4a.40.2"


def test_the_first_part_is_announced_as_soon_as_it_is_whole() -> None:
    viewer, _ = run(arriving(video_units(steady(30, 2), keyframe=every(2.0)), audio_units(2)))
    assert viewer.video.parts[0].at <= (TIMING.part_target + 0.05 + 0.01) * 1e9
    assert viewer.audio.parts[0].at <= (TIMING.part_target + 0.05 + 0.07) * 1e9


def test_flashes_and_clicks_stay_together() -> None:
    video = video_units(steady(30, 8), keyframe=every(2.0), paint=flashing)
    viewer, _ = run(arriving(video, audio_units(8, tone=clicks)))
    pairs = list(zip(flashes(viewer), onsets(viewer), strict=True))
    assert len(pairs) == 7
    assert all(abs(flash - click) < 0.005 for flash, click in pairs)


def test_flashes_and_clicks_stay_together_in_the_encode_lane() -> None:
    video = video_units(steady(30, 6), keyframe=every(2.0), paint=flashing, codec=Codec.VP8)
    tracks = (TrackInfo(kind=TrackKind.VIDEO, codec=Codec.VP8), TrackInfo(kind=TrackKind.AUDIO, codec=Codec.OPUS, channels=2))
    viewer, packager = run(arriving(video, audio_units(6, tone=clicks)), tracks=tracks)
    assert packager.video is not None
    pairs = list(zip(flashes(viewer), onsets(viewer), strict=True))
    assert len(pairs) == 5
    assert all(abs(flash - click) < 0.034 for flash, click in pairs)
    assert [segment.duration for segment in viewer.video.segments[:2]] == [2.0, 2.0]
    assert viewer.video.discontinuities == []


def test_a_source_that_freezes_goes_on_with_its_last_picture_and_comes_back() -> None:
    times = [*steady(30, 3), *steady(30, 8, start=6.0)]
    video = video_units(times, keyframe=lambda index, second: index == 0 or second in {2.0, 6.5, 8.5, 10.5, 12.5})
    arrivals = arriving(video, audio_units(14))
    viewer, packager = run(arrivals)
    assert packager.video is not None
    assert packager.lane in {Lane.NONE, Lane.PASSTHROUGH}
    assert packager.video.switches == 2
    assert len(viewer.video.discontinuities) == 2
    pictures = viewer.pictures()
    gaps = [after[0] - before[0] for before, after in itertools.pairwise(pictures)]
    assert max(gaps) < 0.41
    waits = [after.at - before.at for before, after in pairwise(viewer.video.parts)]
    assert max(waits) <= 2 * TIMING.part_target * 1e9
    waits = [after.at - before.at for before, after in pairwise(viewer.audio.parts)]
    assert max(waits) <= 2 * TIMING.part_target * 1e9


def test_another_size_means_another_init_segment_behind_a_discontinuity() -> None:
    first = video_units(steady(30, 3), keyframe=every(2.0))
    second = video_units(steady(30, 3, start=3.0), keyframe=every(2.0), size=(640, 360), sequence=len(first) + 1)
    viewer, packager = run(arriving(first + second, audio_units(6)))
    assert packager.video is not None
    assert packager.video.switches == 0
    assert len(viewer.video.inits) == 2
    assert viewer.video.discontinuities == viewer.audio.discontinuities == [2]
    assert {picture[2] for picture in viewer.pictures()} == {(320, 180), (640, 360)}
    assert len(viewer.pictures()) == 180


def test_b_frames_are_encoded_anew() -> None:
    video = video_units(
        steady(30, 6),
        keyframe=every(2.0),
        options={"bframes": "2", "profile": "main", "tune": "ssim", "preset": "veryfast", "b-adapt": "0", "rc-lookahead": "3"},
        paint=flashing,
    )
    assert [unit.ticks for unit in video] != sorted(unit.ticks for unit in video)
    viewer, packager = run(arriving(video, audio_units(6, tone=clicks)))
    assert packager.video is not None
    assert viewer.video.discontinuities == []
    pairs = list(zip(flashes(viewer), onsets(viewer), strict=True))
    assert len(pairs) >= 4
    assert all(abs(flash - click) < 0.05 for flash, click in pairs)


def test_a_keyframe_that_does_not_come_leads_to_the_encode_lane() -> None:
    video = video_units(steady(30, 10))
    viewer, packager = run(arriving(video, audio_units(10)))
    assert packager.video is not None
    assert packager.video.switches == 1
    assert len(viewer.video.discontinuities) == 1
    assert max(segment.duration for segment in viewer.video.segments) <= 3.1


def test_without_a_sound_track_there_is_silence() -> None:
    video = video_units(steady(30, 5), keyframe=every(2.0))
    viewer, _ = run(arriving(video), tracks=(TrackInfo(kind=TrackKind.VIDEO, codec=Codec.H264),))
    _, samples = viewer.sound()
    assert abs(len(samples) / 48_000 - 5) < 0.1
    assert max(abs(sample) for sample in samples) < 1e-4


def test_sound_that_is_promised_but_does_not_come_is_silence() -> None:
    viewer, _ = run(arriving(video_units(steady(30, 5), keyframe=every(2.0))))
    assert len(viewer.audio.parts) >= 10


def test_sound_alone_is_a_broadcast_of_sound() -> None:
    viewer, packager = run(arriving(audio_units(7)), tracks=(TrackInfo(kind=TrackKind.AUDIO, codec=Codec.OPUS, channels=2),))
    assert [rendition.name for rendition in packager.renditions] == ["audio"]
    assert viewer.video.parts == []
    assert [round(segment.duration) for segment in viewer.audio.segments[:3]] == [2, 2, 2]


def test_a_picture_that_comes_late_is_black_until_then() -> None:
    video = video_units(steady(30, 4, start=3.0), keyframe=every(2.0))
    viewer, packager = run(arriving(video, audio_units(7)))
    pictures = viewer.pictures()
    assert pictures[0][2] == (1280, 720)
    assert pictures[0][1] <= 18
    assert pictures[-1][2] == (320, 180)
    assert viewer.video.parts[0].at < 1.7e9
    assert len(viewer.video.discontinuities) == 1
    assert packager.video is not None


def test_lost_sound_is_filled_and_what_follows_is_where_it_belongs() -> None:
    audio = audio_units(8, tone=clicks)
    kept = [unit for unit in audio if not 100 <= unit.sequence <= 130]
    video = video_units(steady(30, 8), keyframe=every(2.0), paint=flashing)
    viewer, _ = run(arriving(video, kept))
    clicked = onsets(viewer)
    for flash in flashes(viewer):
        if abs(flash - 12.0) > 0.5:
            assert min(abs(flash - click) for click in clicked) < 0.005


def test_a_new_session_goes_on_in_the_same_broadcast() -> None:
    arrivals = arriving(video_units(steady(30, 4), keyframe=every(2.0)), audio_units(4))
    viewer, packager = run(arrivals, finish=False)
    packager.close()
    second = arriving(video_units(steady(30, 5, start=9.0), keyframe=every(2.0)), audio_units(5, start=9.0))
    now = arrivals[-1].at
    while now < second[0].at - 50_000_000:
        now += 50_000_000
        packager.tick(now)
        taken = packager.take()
        if taken:
            viewer.take(taken[0].events, taken[0].blobs | taken[0].inits, now)
    viewer, packager = run(second, packager=packager, viewer=viewer, session="s.2")
    assert len(viewer.video.discontinuities) == 2
    pictures = viewer.pictures()
    assert max(after[0] - before[0] for before, after in itertools.pairwise(pictures)) < 0.41
    assert abs(pictures[-1][0] - pictures[0][0] - 14) < 0.2
    assert packager.video is not None
