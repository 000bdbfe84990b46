import itertools
import math
from array import array

from hypothesis import given, settings
from hypothesis import strategies as st

from transcoder.cut import AAC_FRAME
from transcoder.sound import SoundLine, stretched


def tone(count: int, start: int = 0) -> bytes:
    return array("f", (math.sin(2 * math.pi * 440 * (start + index) / 48_000) for index in range(count))).tobytes()


def read_all(line: SoundLine) -> tuple[list[int], "array[float]"]:
    starts: list[int] = []
    samples = array("f")
    while (frame := line.read(1)) is not None:
        starts.append(frame[0])
        assert len(frame[1]) == len(frame[2]) == AAC_FRAME * 4
        samples.frombytes(frame[1])
    return starts, samples


def test_whole_frames_come_out_together_up_to_as_many_as_are_wanted() -> None:
    line = SoundLine(100)
    line.write(100, tone(4000), bytes(16_000))
    assert line.read(2) == (100, tone(2048), bytes(8192))
    assert line.read(2) == (2148, tone(1024, 2048), bytes(4096))
    assert line.read(2) is None


def test_sound_comes_out_as_it_went_in() -> None:
    line = SoundLine(100)
    for index in range(16):
        line.write(100 + index * 960, tone(960, index * 960), bytes(3840))
    starts, samples = read_all(line)
    assert starts == list(range(100, 100 + 15 * 1024, 1024))
    assert samples.tobytes() == tone(15 * 1024)
    assert (line.filled, line.trimmed) == (0, 0)


def test_a_hole_is_silence_and_an_overlap_is_trimmed() -> None:
    line = SoundLine(0)
    line.write(0, tone(960), tone(960))
    line.write(2000, tone(960), tone(960))
    line.write(2500, tone(960), tone(960))
    assert line.end == 3460
    assert line.filled == 1040
    assert line.trimmed == 460
    _, samples = read_all(line)
    assert set(samples[960:2000]) == {0.0}
    assert line.end == 3460


def test_what_is_all_too_late_changes_nothing() -> None:
    line = SoundLine(5000)
    line.write(0, tone(960), tone(960))
    assert (line.end, line.trimmed) == (5000, 960)


@given(by=st.integers(-48, 48))
@settings(max_examples=60)
def test_a_stretch_has_no_click(by: int) -> None:
    before = array("f", [])
    before.frombytes(tone(960))
    after = array("f", [])
    after.frombytes(stretched(tone(960), by))
    assert len(after) == 960 + by
    steepest = max(abs(b - a) for a, b in itertools.pairwise(before))
    assert max(abs(b - a) for a, b in itertools.pairwise(after)) < steepest * 1.3
    assert after[:100] == before[:100]
    assert after[-100:] == before[-100:]


@given(st.lists(st.tuples(st.integers(-3000, 3000), st.sampled_from([120, 480, 960, 2880])), max_size=30))
@settings(max_examples=200)
def test_the_line_never_has_a_hole_or_goes_back(writes: list[tuple[int, int]]) -> None:
    line = SoundLine(0)
    for offset, count in writes:
        before = line.end
        pts = line.end + offset
        line.write(pts, bytes(count * 4), bytes(count * 4))
        assert line.end >= before
        if offset > 0:
            assert line.end == pts + count or offset <= 48
    starts, samples = read_all(line)
    assert starts == list(range(0, len(samples), 1024))
    assert 0 <= line.end - len(samples) < 1024
