"""What waits for one client: sent at once or gathered, in order, and bounded."""

from collections.abc import Callable

from chat.outbox import MOST_WAITING, TOGETHER, Outbox


class Pipe:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.waiting = 0

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def get_write_buffer_size(self) -> int:
        return self.waiting


def test_each_is_sent_at_once_unless_it_gathers() -> None:
    pipe = Pipe()
    outbox = Outbox(pipe)
    assert outbox.put(b"a")
    assert outbox.put(b"b")
    assert pipe.written == [b"a", b"b"]


def test_what_is_gathered_goes_out_in_one_go_and_in_order() -> None:
    pipe, turns = Pipe(), list[Callable[[], None]]()
    outbox = Outbox(pipe)
    outbox.later = turns.append
    assert outbox.put(b"a")
    outbox.later = None
    assert outbox.put(b"b")
    assert pipe.written == []
    assert len(turns) == 1
    turns[0]()
    assert pipe.written == [b"ab"]
    assert outbox.put(b"c")
    assert pipe.written == [b"ab", b"c"]


def test_what_is_gathered_is_bounded_and_counts_as_waiting() -> None:
    pipe = Pipe()
    outbox = Outbox(pipe)
    outbox.later = list[Callable[[], None]]().append
    assert outbox.put(bytes(TOGETHER))
    assert pipe.written == []
    assert outbox.put(b"1")
    assert pipe.written == [bytes(TOGETHER) + b"1"]
    assert outbox.put(b"2")
    pipe.waiting = MOST_WAITING - 1
    assert not outbox.put(b"3")
    outbox.flush()
    assert pipe.written[1:] == [b"2"]
