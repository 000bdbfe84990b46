from ingest.receiver import Reception
from ingest.settling import Settling
from storage.model.media import AccessUnit, Codec
from tests.ingest.packets import SECOND, START_NS, Publisher, audio_track, opus_frames

MS = 1_000_000


class Kept:
    """What a :class:`Settling` let go, and when."""

    def __init__(self) -> None:
        self.settling = Settling()
        self.released: list[int] = []

    def come(self, at_ms: int, gain_ms: int) -> None:
        self.settling.keep(lambda: self.released.append(at_ms), gain_ms * MS, START_NS + at_ms * MS)


def test_an_even_start_waits_for_less_than_a_tenth_of_a_second() -> None:
    kept = Kept()
    for at in range(0, 80, 20):
        kept.come(at, 1)
    assert kept.released == []
    kept.come(80, 0)
    assert kept.released == [0, 20, 40, 60, 80]
    assert kept.settling.over


def test_a_burst_is_waited_for() -> None:
    kept = Kept()
    for at in range(0, 300, 10):
        kept.come(at, 20)
    assert kept.released == []
    kept.settling.look(START_NS + 369 * MS)
    assert kept.released == []
    kept.settling.look(START_NS + 370 * MS)
    assert kept.released == list(range(0, 300, 10))


def test_what_never_calms_down_goes_on_all_the_same() -> None:
    kept = Kept()
    for at in range(0, 701, 10):
        kept.come(at, 20)
    assert kept.settling.over
    assert len(kept.released) == 71


def test_nothing_and_a_clock_that_is_set_back_do_no_harm() -> None:
    kept = Kept()
    kept.settling.look(START_NS)
    assert not kept.settling.over
    kept.come(0, 0)
    kept.settling.look(START_NS - 3600 * SECOND)
    assert kept.released == [0]


def test_a_burst_gets_the_time_it_was_captured_at() -> None:
    units: list[AccessUnit] = []
    reception = Reception([audio_track()], ssrc=1, deliver=units.append, settling=Settling())
    publisher = Publisher(Codec.OPUS)
    # A second of sound in 50 ms, then at its own speed.
    for index, frame in enumerate(opus_frames(100)):
        arrival = START_NS + max(index, index * 20 - 950) * MS
        for packet in publisher.packets(frame):
            reception.rtp(packet, arrival)
        reception.poll(arrival)
    offsets = {unit.capture_ns - unit.ticks * SECOND // 48_000 for unit in units}
    assert len(units) == 100
    assert max(offsets) - min(offsets) <= MS
