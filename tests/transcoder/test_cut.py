from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.model.part_rule import AUDIO_RATE, honoured
from transcoder.cut import AAC_FRAME, AudioCutter, CannotPass, CutRule, Obstacle, Part, Sample, VideoCutter

RULE = CutRule.of(0.4, 2.0, 3)


def cut(frames: Iterable[tuple[int, bool]], rule: CutRule = RULE) -> tuple[list[Part], list[Obstacle]]:
    """Cut frames of (pts, keyframe); where they can't pass, close and begin anew at the next keyframe, as a lane switch would."""
    cutter = VideoCutter(rule)
    parts: list[Part] = []
    obstacles: list[Obstacle] = []
    end = -1
    for pts, keyframe in frames:
        if not cutter.is_open:
            if keyframe and pts >= end:
                cutter.begin(Sample(pts, keyframe=True, payload=b""))
            continue
        try:
            parts += cutter.push(Sample(pts, keyframe, b""))
        except CannotPass as refusal:
            obstacles.append(refusal.obstacle)
            tail, end = cutter.finish(pts)
            parts += tail
            if keyframe and pts >= end:
                cutter.begin(Sample(pts, keyframe=True, payload=b""))
    tail, _ = cutter.finish(cutter.last_pts + 3000)
    return parts + tail, obstacles


def check(parts: list[Part], rule: CutRule = RULE) -> None:
    opening = True
    start = 0
    for before, part in zip([None, *parts], parts, strict=False):
        assert part.samples
        assert sum(part.durations) == part.end - part.start
        assert min(part.durations) > 0
        assert part.samples[0].pts == part.start
        assert part.end - part.start <= rule.part
        if not part.closes and not part.independent:
            assert (part.end - part.start) >= 0.85 * rule.part
        if opening:
            assert part.samples[0].keyframe
            start = part.start
        elif before is not None:
            assert part.start == before.end
        if part.closes:
            assert part.end - start < rule.longest + 45_000
        opening = part.closes


def steady(fps: float, seconds: float, gop: float = 2.0) -> list[tuple[int, bool]]:
    count = int(seconds * fps)
    every = max(1, round(gop * fps))
    return [(round(index * 90_000 / fps), index % every == 0) for index in range(count)]


@pytest.mark.parametrize("fps", [5, 6, 7, 7.5, 8, 9, 10, 11, 12, 12.5, 13, 14, 15, 17, 20, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60])
@pytest.mark.parametrize("part_target", [0.33, 0.4, 0.5, 1.0])
def test_a_steady_rate_passes_whole(fps: float, part_target: float) -> None:
    rule = CutRule.of(part_target, 2.0, 3)
    frames = steady(fps, 21)
    parts, obstacles = cut(frames, rule)
    assert obstacles == []
    check(parts, rule)
    assert sum(len(part.samples) for part in parts) == len(frames)
    assert sum(part.closes for part in parts) >= 9


def test_thirty_frames_a_second_make_parts_of_twelve() -> None:
    parts, _ = cut(steady(30, 9))
    assert [len(part.samples) for part in parts[:5]] == [12] * 5
    assert [part.closes for part in parts[:10]] == [False, False, False, False, True] * 2


@given(
    fps=st.floats(5, 60),
    noise=st.lists(st.floats(-0.3, 0.3), min_size=200, max_size=200),
    lead=st.floats(-0.3, 0.3),
)
@settings(max_examples=150, deadline=None)
def test_jittered_rates_keep_the_bounds_and_the_frames(fps: float, noise: list[float], lead: float) -> None:
    interval = 90_000 / fps
    times = [round((index + shake + 1) * interval) for index, shake in enumerate(noise)]
    due = 0.0
    frames = []
    for pts in times:
        keyframe = pts >= due
        if keyframe:
            due = pts + (2.0 + lead) * 90_000
        frames.append((pts, keyframe))
    parts, obstacles = cut(frames)
    check(parts)
    if fps >= 8:
        assert obstacles == []
        assert sum(len(part.samples) for part in parts) == len(frames)


@given(
    gaps=st.lists(st.integers(1, 80_000), min_size=1, max_size=150),
    keys=st.lists(st.booleans(), min_size=150, max_size=150),
    part_target=st.sampled_from([0.2, 0.4, 1.0]),
)
@settings(max_examples=300, deadline=None)
def test_any_frame_times_keep_the_bounds(gaps: list[int], keys: list[bool], part_target: float) -> None:
    pts = 0
    frames: list[tuple[int, bool]] = []
    for gap, keyframe in zip(gaps, keys, strict=False):
        frames.append((pts, keyframe or not frames))
        pts += gap
    rule = CutRule.of(part_target, 2.0, 3)
    parts, _ = cut(frames, rule)
    check(parts, rule)


@given(gaps=st.lists(st.integers(600, 17_000), min_size=30, max_size=200))
@settings(max_examples=150, deadline=None)
def test_no_frame_moves_further_than_allowed(gaps: list[int]) -> None:
    pts = 0
    frames: list[tuple[int, bool]] = []
    for gap in gaps:
        frames.append((pts, not frames))
        pts += gap
    rule = CutRule.of(0.4, 2.0, 3)
    cutter = VideoCutter(rule)
    cutter.begin(Sample(0, keyframe=True, payload=b"", sequence=0))
    parts = []
    for index, (at, _) in enumerate(frames[1:], 1):
        try:
            parts += cutter.push(Sample(at, keyframe=index % 30 == 0, payload=b"", sequence=index))
        except CannotPass:
            break
    for part in parts:
        for sample in part.samples:
            assert abs(sample.pts - frames[sample.sequence][0]) <= rule.shift


def test_a_frozen_source_can_not_pass() -> None:
    frames = [*steady(30, 1), (90_000 + 3 * 90_000, False)]
    _, obstacles = cut(frames)
    assert obstacles == [Obstacle.GAP]


def test_a_keyframe_that_does_not_come_can_not_pass() -> None:
    _, obstacles = cut(steady(30, 3.5, gop=10))
    assert obstacles == [Obstacle.KEYFRAME]


def test_frames_out_of_order_can_not_pass() -> None:
    _, obstacles = cut([(0, True), (6000, False), (3000, False)])
    assert obstacles == [Obstacle.ORDER]


def test_a_refusal_leaves_the_cutter_as_it_was() -> None:
    cutter = VideoCutter(RULE)
    cutter.begin(Sample(0, keyframe=True, payload=b"a"))
    with pytest.raises(CannotPass):
        cutter.push(Sample(300_000, keyframe=False, payload=b"b"))
    parts, end = cutter.finish(3000)
    assert [sample.payload for part in parts for sample in part.samples] == [b"a"]
    assert end == 3000


def test_a_close_can_not_stretch_the_last_part_beyond_its_bound() -> None:
    cutter = VideoCutter(RULE)
    cutter.begin(Sample(0, keyframe=True, payload=b"a"))
    parts, end = cutter.finish(90_000)
    assert end == RULE.part
    assert [part.end for part in parts] == [RULE.part]


@given(
    ends=st.lists(st.integers(20_000, 130_000), min_size=1, max_size=8),
    known_lag=st.integers(0, 30_000),
    step=st.integers(1, 40),
)
@settings(max_examples=150, deadline=None)
def test_audio_is_cut_in_step_with_video(ends: list[int], known_lag: int, step: int) -> None:
    cutter = AudioCutter(0.4, 0)
    boundaries = [sum(ends[: index + 1]) for index in range(len(ends))]
    parts: list[Part] = []
    announced = 0
    total = boundaries[-1] // AAC_FRAME + 2
    for index in range(total):
        cutter.push(index.to_bytes(4, "big"))
        if index % step:
            continue
        known = max(0, cutter.end - known_lag)
        while announced < len(boundaries) and boundaries[announced] <= known:
            cutter.boundary(boundaries[announced])
            announced += 1
        limit = min(known, boundaries[announced] - 1) if announced < len(boundaries) else known
        parts += cutter.drain(limit)
    for boundary in boundaries[announced:]:
        cutter.boundary(boundary)
    parts += cutter.drain(10**9)
    closed = [part.end for part in parts if part.closes]
    assert all(0 <= end - boundary < AAC_FRAME for end, boundary in zip(closed, boundaries, strict=True))
    assert [part.start for part in parts][1:] == [part.end for part in parts][:-1]
    for part in parts:
        assert part.end - part.start <= 0.4 * 48_000
        if not part.closes:
            assert part.end - part.start >= 0.85 * 0.4 * 48_000
    payloads = b"".join(sample.payload for part in parts for sample in part.samples)
    assert payloads == b"".join(index.to_bytes(4, "big") for index in range(len(payloads) // 4))


@given(part_target=st.floats(0.1, 2.0))
def test_the_sound_of_every_part_target_that_is_not_refused_is_cut_by_the_rule(part_target: float) -> None:
    cutter = AudioCutter(part_target, 0)
    for _ in range(300):
        cutter.push(b"")
    parts = cutter.drain(300 * AAC_FRAME)
    lengths = {part.end - part.start for part in parts}
    assert lengths
    by_the_rule = all(0.85 * part_target * AUDIO_RATE <= length <= part_target * AUDIO_RATE for length in lengths)
    assert by_the_rule == honoured(part_target)
