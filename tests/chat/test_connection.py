import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.connection import HELLO_SECONDS, MOST_BAD, PACE, Ask, Connection, Outcome, Refuse, Shut, TellTime
from chat.origin import is_allowed
from chat.outbox import MOST_WAITING, PATIENCE, Outbox
from chat.protocol import IDLE_SECONDS, Close, Hello, Join

HELLO = '{"type": "hello", "version": 1}'
PING = '{"type": "ping"}'
JOIN = '{"type": "join", "id": "1", "room": "main"}'


def heard(connection: Connection, text: str, now: float) -> Outcome:
    return connection.count(now) or connection.received(text, now)


def greeted(now: float = 0) -> Connection:
    connection = Connection(now)
    assert heard(connection, HELLO, now) == Ask(Hello(version=1))
    return connection


def code(outcome: Outcome | None) -> Close | None:
    return outcome.code if isinstance(outcome, Shut) else None


@pytest.mark.parametrize("first", [PING, JOIN, "nonsense", '{"type": "dance"}', ""])
def test_anything_but_a_hello_first_ends_it(first: str) -> None:
    assert code(heard(Connection(0), first, 0)) is Close.NO_HELLO


def test_a_second_hello_ends_it() -> None:
    assert code(heard(greeted(), HELLO, 1)) is Close.POLICY


def test_a_hello_comes_in_time_whatever_else_is_sent() -> None:
    connection = Connection(10)
    connection.count(14)

    assert connection.overdue(10 + HELLO_SECONDS - 0.01) is None
    assert code(connection.overdue(10 + HELLO_SECONDS)) is Close.NO_HELLO


def test_silence_ends_it_and_any_frame_is_a_sign_of_life() -> None:
    connection = greeted(3)

    assert connection.overdue(3 + IDLE_SECONDS - 1) is None
    connection.count(3 + IDLE_SECONDS - 1)
    assert connection.overdue(3 + IDLE_SECONDS + 1) is None
    assert code(connection.overdue(2 + 2 * IDLE_SECONDS)) is Close.IDLE


def test_requests_are_asked_and_pings_answered_at_once() -> None:
    connection = greeted()

    assert heard(connection, JOIN, 1) == Ask(Join(id="1", room="main"))
    assert heard(connection, PING, 1) == TellTime()


def test_a_frame_that_can_not_be_read_is_refused_by_its_id_and_several_in_a_row_end_it() -> None:
    connection = greeted()
    bad = '{"type": "join", "id": "7"}'
    for _ in range(3):
        for _ in range(MOST_BAD - 1):
            outcome = heard(connection, bad, 1)
            assert isinstance(outcome, Refuse)
            assert outcome.identifier == "7"
        heard(connection, PING, 1)
    outcomes = [heard(connection, bad, 1) for _ in range(MOST_BAD)]

    assert code(outcomes[-1]) is Close.BAD_FRAME


def test_frames_may_come_in_a_burst_and_then_at_a_pace() -> None:
    connection = greeted()
    burst = [heard(connection, PING, 0) for _ in range(PACE.count)]

    assert burst[:-1] == [TellTime()] * (PACE.count - 1)
    assert code(burst[-1]) is Close.FLOOD
    later = greeted()
    assert all(heard(later, PING, n * PACE.seconds / PACE.count) == TellTime() for n in range(1, 500))


def test_without_a_pace_nothing_is_too_fast() -> None:
    connection = Connection(0, None)

    assert [connection.count(0) for _ in range(10_000)] == [None] * 10_000


@given(st.lists(st.tuples(st.sampled_from([HELLO, PING, JOIN, "nonsense", "{}"]), st.floats(0, 10)), max_size=60))
def test_whatever_comes_the_rules_hold(texts: list[tuple[str, float]]) -> None:
    connection, now = Connection(0), 0.0
    for asked, (text, pause) in enumerate(texts):
        now += pause
        if connection.overdue(now):
            return
        outcome = heard(connection, text, now)
        if isinstance(outcome, Shut):
            return
        assert (outcome == Ask(Hello(version=1))) is (asked == 0)
        assert connection.overdue(now) is None


class Reading:
    """A pipe whose client reads when it is told to."""

    def __init__(self) -> None:
        self.waiting = 0

    def write(self, data: bytes) -> None:
        self.waiting += len(data)

    def get_write_buffer_size(self) -> int:
        return self.waiting


def test_an_outbox_takes_so_much_and_no_more() -> None:
    outbox = Outbox(Reading())

    assert outbox.put(b"x" * MOST_WAITING)
    assert not outbox.put(b"x")


def test_a_reader_is_stuck_when_it_takes_nothing_while_something_waits() -> None:
    pipe = Reading()
    outbox = Outbox(pipe)
    assert not outbox.stuck(0)
    assert not outbox.stuck(100)
    outbox.put(b"x" * 1000)
    assert not outbox.stuck(101)
    assert not outbox.stuck(101 + PATIENCE - 1)
    outbox.put(b"x" * 1000)
    assert outbox.stuck(101 + PATIENCE)


def test_a_reader_that_takes_a_little_is_slow_but_not_stuck() -> None:
    pipe = Reading()
    outbox = Outbox(pipe)
    outbox.put(b"x" * 1000)
    for second in range(100):
        pipe.waiting -= 1
        outbox.put(b"x")
        assert not outbox.stuck(second)


@pytest.mark.parametrize(
    ("origins", "has_cookie", "allowed"),
    [
        ([], False, True),
        ([], True, False),
        (["http://here:8000"], True, True),
        (["https://here:8000"], True, True),
        (["https://live.example"], True, True),
        (["https://tools.example"], False, True),
        (["https://tools.example"], True, True),
        (["https://evil.example"], False, False),
        (["http://here"], False, False),
        (["http://here:8000.evil.example"], False, False),
        (["https://LIVE.example"], False, False),
        (["null"], False, False),
        ([""], False, False),
        (["https://live.example", "https://live.example"], False, False),
    ],
)
def test_sockets_are_opened_by_our_pages_the_configured_ones_and_programs(origins: list[str], has_cookie: bool, allowed: bool) -> None:
    found = is_allowed(origins, "here:8000", own="https://live.example", others={"https://tools.example"}, has_cookie=has_cookie)

    assert found is allowed


def test_without_a_host_nothing_is_ours_by_it() -> None:
    assert not is_allowed(["http://"], "", own="", others=(), has_cookie=False)
    assert not is_allowed([""], "", own="", others=(), has_cookie=False)
