"""A call's states: by table, and whatever comes in whatever order."""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.calls.call import (
    GRACE_MS,
    MOST_KNOCKS,
    MOST_OF_AN_ACCOUNT,
    SILENT_MS,
    Comer,
    Facts,
    Knock,
    Seat,
    Shown,
    State,
    Way,
    check_order,
)
from storage.model.call import MOST_SEATS, CallRole, HowLeft
from storage.model.errors import ErrorCode, FanlightError

NOW = 1_764_170_000_000
NODES = ("chat-a", "chat-b", "chat-c")


def seat(name: str, *, account: str = "", role: CallRole = CallRole.PERSON, node: str = NODES[0], away: int = 0) -> Seat:
    return Seat(name, name.title(), account, account, role, node, name.encode(), NOW, Shown(), away)


HOST = seat("ada", account="ada", role=CallRole.HOST)
EIGHT = State(run="1", seats=tuple(seat(f"s{at}") for at in range(MOST_SEATS)))
OPEN = Facts(lobby=False)
GUEST, ADA = Comer("", CallRole.PERSON), Comer("ada", CallRole.HOST)
GRACE, COHOST = Comer("grace", CallRole.PERSON), Comer("hedy", CallRole.COHOST)


@pytest.mark.parametrize(
    ("state", "comer", "way"),
    [
        (State(run="1"), GUEST, Way.KNOCK),
        (State(run="1"), GRACE, Way.KNOCK),
        (State(run="1"), ADA, Way.SEAT),
        (State(run="1"), COHOST, Way.SEAT),
        (State(run="1", facts=OPEN), GUEST, Way.SEAT),
        (State(run="1", facts=OPEN, wary=True), GUEST, Way.KNOCK),
        (State(run="1", facts=OPEN, wary=True), GRACE, Way.SEAT),
        (State(run="1", facts=OPEN, removed=("grace",)), GRACE, ErrorCode.CALL_REMOVED),
        (State(run="1", facts=OPEN, removed=("ada",)), ADA, Way.SEAT),
        (State(run="1", facts=Facts(locked=True, lobby=False)), GRACE, ErrorCode.CALL_LOCKED),
        (State(run="1", facts=Facts(locked=True)), COHOST, Way.SEAT),
        (EIGHT, ADA, ErrorCode.CALL_FULL),
        (EIGHT, GUEST, ErrorCode.CALL_FULL),
        (State(run="1", facts=OPEN, seats=(seat("g", account="grace"),) * MOST_OF_AN_ACCOUNT), GRACE, ErrorCode.CALL_FULL),
        (State(run="1", knocks=tuple(Knock(f"{at}", "x", "", "n") for at in range(MOST_KNOCKS))), GUEST, ErrorCode.CALL_FULL),
        (State(run="1", facts=OPEN, over=True), ADA, ErrorCode.CALL_ENDED),
    ],
)
def test_how_somebody_comes_in(state: State, comer: Comer, way: Way | ErrorCode) -> None:
    try:
        found: Way | ErrorCode = state.way(comer)
    except FanlightError as error:
        found = error.code

    assert found == way


ORDERS = ("mute", "lower_hand", "remove", "cohost", "person")
PEOPLE = {
    "host": HOST,
    "cohost": seat("hedy", account="hedy", role=CallRole.COHOST),
    "person": seat("grace", account="grace"),
    "guest": seat("eve"),
}
MAY = {
    ("host", "cohost"): set(ORDERS),
    ("host", "person"): set(ORDERS),
    ("host", "guest"): {"mute", "lower_hand", "remove"},
    ("host", "host"): {"mute", "lower_hand"},
    ("cohost", "host"): {"mute", "lower_hand"},
    ("cohost", "cohost"): {"mute", "lower_hand"},
    ("cohost", "person"): {"mute", "lower_hand", "remove"},
    ("cohost", "guest"): {"mute", "lower_hand", "remove"},
}


@pytest.mark.parametrize("by", PEOPLE)
@pytest.mark.parametrize("subject", PEOPLE)
@pytest.mark.parametrize("order", ORDERS)
def test_who_directs_whom(by: str, subject: str, order: str) -> None:
    if order in MAY.get((by, subject), set()):
        check_order(PEOPLE[by], PEOPLE[subject], order)
        return
    with pytest.raises(FanlightError) as refused:
        check_order(PEOPLE[by], PEOPLE[subject], order)
    assert refused.value.code is ErrorCode.NOT_ALLOWED


def test_a_seat_waits_fifteen_seconds_for_who_is_lost() -> None:
    state = State(run="1", seats=(HOST,)).lost("ada", NODES[0], NOW)
    beats = {NODES[0]: NOW + GRACE_MS}

    assert state.swept(beats, NOW + GRACE_MS - 1) == state
    gone = state.swept(beats, NOW + GRACE_MS)
    assert gone.seats == ()
    assert gone.how_left("ada") is HowLeft.LOST
    back = state.returned("ada", b"ada", NODES[1])
    assert back.seats == (seat("ada", account="ada", role=CallRole.HOST, node=NODES[1]),)
    # What the node before says of it counts no more.
    assert back.lost("ada", NODES[0], NOW) == back


def test_the_seats_of_a_node_that_is_gone_wait_from_when_it_was_heard_last() -> None:
    state = State(run="1", seats=(HOST, seat("grace", node=NODES[1])))
    beats = {NODES[0]: NOW, NODES[1]: NOW}

    assert state.swept(beats | {NODES[0]: NOW + SILENT_MS}, NOW + SILENT_MS) == state
    late = NOW + SILENT_MS + 1
    away = state.swept(beats | {NODES[0]: late}, late)
    assert [one.away for one in away.seats] == [0, NOW]
    assert [one.seat for one in away.swept(beats | {NODES[0]: NOW + GRACE_MS}, NOW + GRACE_MS).seats] == ["ada"]
    assert away.heard("grace", NODES[1]) == state


def test_what_nobody_could_hear_is_no_silence() -> None:
    state = State(run="1", seats=(HOST, seat("grace", node=NODES[1]))).lost("ada", NODES[0], NOW)
    back = NOW + 2 * GRACE_MS
    beats = {NODES[0]: back, NODES[1]: NOW}

    # Whoever was known to be away has had their time; a node that was not heard has it from when the bus was there again.
    early = state.swept(beats, back + SILENT_MS, back)
    assert [(one.seat, one.away) for one in early.seats] == [("grace", 0)]
    late = early.swept(beats, back + SILENT_MS + 1, back)
    assert [one.away for one in late.seats] == [back]
    assert late.swept(beats, back + GRACE_MS, back).seats == ()


@pytest.mark.parametrize("secret", [b"", b"x", b"grace"])
def test_a_seat_is_taken_again_with_its_secret_alone(secret: bytes) -> None:
    with pytest.raises(FanlightError) as refused:
        State(run="1", seats=(HOST,)).returned("ada", secret, NODES[1])

    assert refused.value.code is ErrorCode.SEAT_UNKNOWN


def test_after_a_loss_what_nodes_knew_is_there_again_once() -> None:
    last = State(run="1", seats=(HOST, seat("grace", node=NODES[1])), removed=("eve",), wary=True, facts=OPEN)

    first = State(run="2").with_back(last)
    assert (first.seats, first.removed, first.wary, first.facts) == (last.seats, last.removed, True, OPEN)
    assert first.with_back(last) == first
    # What was left meanwhile is not put back, nor what is missing though nothing was lost.
    assert [one.seat for one in first.left("grace").with_back(last).seats] == ["ada"]
    assert State(run="1").with_back(last) == State(run="1")
    # Who is put back, and whose node does not come back, is away from then on.
    later = first.swept({NODES[0]: NOW}, NOW)
    assert [one.away > 0 for one in later.seats] == [False, True]


@dataclass
class World:
    """What happened to a call, judged beside the states."""

    state: State = field(default_factory=lambda: State(run="1", facts=OPEN))
    now: int = NOW
    beats: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NODES, NOW))
    removed: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Act:
    """``who`` does it at ``node``."""

    who: int
    node: str

    @property
    def name(self) -> str:
        return f"s{self.who}"

    @property
    def account(self) -> str:
        return f"a{self.who % 4}" if self.who % 2 else ""


def enter(world: World, act: Act) -> State:
    if act.name in world.dropped:
        return world.state
    world.state.way(Comer(act.account, CallRole.PERSON))
    return world.state.entered(seat(act.name, account=act.account, node=act.node))


WAYS: dict[str, Callable[[World, Act], State]] = {
    "enter": enter,
    "knock": lambda world, act: world.state.knocked(Knock(act.name, act.name, act.account, act.node)),
    "answer": lambda world, act: world.state.answered(act.name),
    "return": lambda world, act: world.state.returned(act.name, act.name.encode() if act.who % 3 else b"?", act.node),
    "lost": lambda world, act: world.state.lost(act.name, act.node, world.now),
    "heard": lambda world, act: world.state.heard(act.name, act.node),
    "left": lambda world, act: world.state.left(act.name),
    "remove": lambda world, act: world.state.left(act.name, HowLeft.REMOVED),
    "role": lambda world, act: world.state.with_role(act.name, CallRole.COHOST),
    "show": lambda world, act: world.state.showing(act.name, Shown(camera=True)),
    "sweep": lambda world, _: world.state.swept(world.beats, world.now),
    "loss": lambda world, _: State(run=world.state.run + "'").with_back(world.state),
    "end": lambda world, act: world.state if act.who else world.state.ended(),
    "lock": lambda world, act: world.state.with_facts(Facts(locked=bool(act.who % 2), lobby=False)),
    "beat": lambda world, _: world.state,
}
ACTS = st.tuples(st.sampled_from(sorted(WAYS)), st.builds(Act, st.integers(0, 11), st.sampled_from(NODES)), st.integers(0, 9_000))


@settings(max_examples=400, deadline=None)
@given(st.lists(ACTS, max_size=60))
def test_whatever_happens_a_call_stays_one(acts: list[tuple[str, Act, int]]) -> None:
    world = World()
    for what, act, passed in acts:
        world.now += passed
        before = world.state
        if what == "beat":
            world.beats[act.node] = world.now
        try:
            world.state = after = WAYS[what](world, act)
        except FanlightError:
            # What is refused changes nothing.
            after = before
        world.dropped |= {one.seat for one in before.seats} - {one.seat for one in after.seats}

        names = [one.seat for one in after.seats]
        assert len(names) == len(set(names)) <= MOST_SEATS
        assert len(after.knocks) == len({knock.id for knock in after.knocks}) <= MOST_KNOCKS
        # Everybody who is gone is remembered with a reason, and nobody who is gone sits there.
        assert not world.dropped & set(names)
        for name in {one.seat for one in before.seats} - set(names):
            assert after.how_left(name) is not None
        if what == "remove" and before.seat(act.name):
            world.removed |= {account for one in before.seats if one.seat == act.name and (account := one.account_id)}
        assert world.removed <= set(after.removed)
        if before.over:
            assert after.over
            assert not after.seats
        if what == "sweep":
            assert all(not one.away or world.now - one.away < GRACE_MS for one in after.seats)
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(after), type=State) == after
