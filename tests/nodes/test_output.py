import io
import os
import threading

from tests.nodes.instance import DEADLINE
from web.output import Output


class Blocked(io.StringIO):
    """A terminal that is paused until told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.reached.set()
        assert self.go_on.wait(DEADLINE)
        return super().write(text)


def test_lines_are_written_in_order() -> None:
    stream = io.StringIO()
    output = Output(stream)

    for number in range(100):
        output.write(f"{number}\n")
    output.close()

    assert stream.getvalue().split() == [str(number) for number in range(100)]


def test_a_reader_that_pauses_makes_nobody_wait_and_is_told_what_it_missed() -> None:
    stream = Blocked()
    output = Output(stream, limit=3)

    output.write("first\n")
    assert stream.reached.wait(DEADLINE)
    for number in range(10):
        output.write(f"{number}\n")
    stream.go_on.set()
    output.close()

    assert output.dropped == 7
    assert stream.getvalue().splitlines() == ["first", "0", "1", "2", "[7 lines were dropped: nobody read them]"]


def test_a_reader_that_went_away_is_no_error() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "w") as stream:
        output = Output(stream)
        os.close(read_end)
        for _ in range(3):
            output.write("nobody reads this\n")
        output.close()
