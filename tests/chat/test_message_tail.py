"""What somebody who comes in is shown is what somebody who was there all the time shows."""

from hypothesis import given
from hypothesis import strategies as st

from chat.message_tail import MOST_KEPT, MessageTail
from storage.chat.events import Author, Cleared, Deleted, Edited, Event, Message, Posted, Purged, Reacted

NAMES = ("ada", "grace")


def message(number: int, name: str = "ada") -> Message:
    return Message(id=f"{number:026d}", at=number, author=Author(name=name, shown=name, colour="#000000"), text=f"text {number}")


def identifier() -> st.SearchStrategy[str]:
    return st.integers(0, 12).map(lambda number: f"{number:026d}")


def events() -> st.SearchStrategy[list[Event]]:
    return st.lists(
        st.one_of(
            st.builds(lambda number, name: Posted(message=message(number, name)), st.integers(0, 12), st.sampled_from(NAMES)),
            st.builds(lambda one: Edited(id=one, text="changed"), identifier()),
            st.builds(lambda one: Deleted(ids=(one,)), identifier()),
            st.builds(lambda one: Reacted(id=one, reactions={"👍": 1}), identifier()),
            st.builds(lambda name: Purged(name=name), st.sampled_from(NAMES)),
            st.just(Cleared()),
        ),
        max_size=40,
    )


def posted_once(happened: list[Event]) -> list[Event]:
    """A message is posted once in a room."""
    seen: set[str] = set()
    kept = []
    for event in happened:
        if isinstance(event, Posted):
            if event.message.id in seen:
                continue
            seen.add(event.message.id)
        kept.append(event)
    return kept


@given(events(), st.integers(0, 40))
def test_events_the_history_knew_already_change_nothing(happened: list[Event], at: int) -> None:
    once = posted_once(happened)
    there = MessageTail([], complete=True)
    for seq, event in enumerate(once, 1):
        there.apply(seq, event)
    # A history read from the database after some of them, and then the rest.
    read = MessageTail([], complete=True)
    for seq, event in enumerate(once[:at], 1):
        read.apply(seq, event)
    came = MessageTail(read.newest(MOST_KEPT, upto=10**6)[0], complete=True)
    for seq, event in enumerate(once[at:], at + 1):
        came.apply(seq, event)
    assert came.newest(50, upto=10**6) == there.newest(50, upto=10**6)


def test_it_keeps_the_newest_and_says_that_there_are_earlier_ones() -> None:
    tail = MessageTail([], complete=True)
    for number in range(MOST_KEPT):
        tail.apply(number, Posted(message=message(number)))
    assert tail.newest(MOST_KEPT, upto=MOST_KEPT)[1] is False
    tail.apply(MOST_KEPT, Posted(message=message(MOST_KEPT)))
    shown, earlier = tail.newest(MOST_KEPT, upto=MOST_KEPT)
    assert earlier
    assert [seq for seq, _ in shown] == list(range(1, MOST_KEPT + 1))


def test_messages_behind_a_number_are_left_out() -> None:
    tail = MessageTail([], complete=True)
    for number in range(5):
        tail.apply(number, Posted(message=message(number)))
    shown, earlier = tail.newest(2, upto=3)
    assert [seq for seq, _ in shown] == [2, 3]
    assert earlier
