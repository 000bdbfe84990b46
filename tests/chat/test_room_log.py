"""Whatever becomes of hints, a client shows what is in the log: in order, each once, and what it can't be shown it is told of."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from chat.room_log import Batch, RoomLog
from storage.chat.events import Audience, NumberedEvent

LOG = [NumberedEvent(seq, Audience.TEAM if seq % 3 == 0 else Audience.EVERYBODY, str(seq).encode()) for seq in range(1, 41)]


def expected(audience: Audience, after: int, upto: int) -> list[bytes]:
    return [one.body for one in LOG if after < one.seq <= upto and (audience is Audience.TEAM or one.audience is Audience.EVERYBODY)]


@dataclass
class Client:
    """Applies frames by the protocol's rule."""

    audience: Audience
    started: int
    seq: int
    shown: list[bytes] = field(default_factory=list)
    lost: bool = False

    def take(self, batch: Batch | None) -> None:
        if batch is None:
            return
        if batch.after != self.seq:
            self.lost = True
            return
        self.seq = batch.seq
        self.shown += batch.bodies


@given(
    st.integers(0, 10),
    st.lists(
        st.one_of(
            st.tuples(st.just("hint"), st.integers(0, 39), st.integers(1, 6)),
            st.just(("flush", 0, 0)),
            st.just(("catch up", 0, 0)),
            st.tuples(st.just("resume"), st.integers(0, 40), st.integers(0, 1)),
        ),
        max_size=60,
    ),
)
def test_every_client_shows_the_log_whatever_hints_do(start: int, steps: list[tuple[str, int, int]]) -> None:
    log = RoomLog("epoch", start)
    clients = [Client(audience, start, start) for audience in Audience]
    for what, one, two in steps:
        if what == "hint":
            log.hear(LOG[one : one + two])
        elif what == "flush":
            for audience in Audience:
                batch = log.batch(audience)
                for client in clients:
                    if client.audience is audience:
                        client.take(batch)
        elif what == "catch up":
            log.hear([event for event in LOG if event.seq > log.seq])
        else:
            audience = list(Audience)[two]
            missed = log.since(one, audience)
            if missed is not None:
                client = Client(audience, one, one)
                client.take(missed)
                clients.append(client)
    for client in clients:
        assert not client.lost
        assert client.shown == expected(client.audience, client.started, client.seq)


@given(st.permutations(LOG))
def test_any_order_of_hints_ends_at_the_whole_log(order: list[NumberedEvent]) -> None:
    log = RoomLog("epoch", 0)
    applied = [event for one in order for event in log.hear([one])]
    assert applied == LOG
    assert not log.has_hole
    assert log.hear(order) == []


def test_a_hole_is_seen_and_closed() -> None:
    log = RoomLog("epoch", 0)
    assert log.hear(LOG[1:3]) == []
    assert log.has_hole
    assert log.hear(LOG[:1]) == LOG[:3]
    assert not log.has_hole


def test_events_of_the_team_are_counted_but_not_told_to_others() -> None:
    log = RoomLog("epoch", 0)
    log.hear(LOG[2:3])
    log.hear(LOG[:3])
    batch = log.batch(Audience.EVERYBODY)
    assert batch == Batch(0, 3, (b"1", b"2"))
    assert log.batch(Audience.TEAM) == Batch(0, 3, (b"1", b"2", b"3"))
    log.hear(LOG[3:5])
    assert log.batch(Audience.EVERYBODY) == Batch(3, 5, (b"4", b"5"))


def test_nothing_but_the_teams_is_told_to_others_only_where_it_must_be() -> None:
    log = RoomLog("epoch", 2)
    log.hear(LOG[2:3])
    assert log.batch(Audience.EVERYBODY) is None
    assert log.told(Audience.EVERYBODY) == 2
    assert log.batch(Audience.EVERYBODY, even_nothing=True) == Batch(2, 3, ())
    assert log.batch(Audience.EVERYBODY, even_nothing=True) is None


def test_what_is_not_kept_here_any_more_is_not_made_up() -> None:
    log = RoomLog("epoch", 10)
    log.hear(LOG[10:12])
    log.batch(Audience.EVERYBODY)
    assert log.since(9, Audience.EVERYBODY) is None
    assert log.since(13, Audience.EVERYBODY) is None
    assert log.since(10, Audience.EVERYBODY) == Batch(10, 12, (b"11",))
