"""RFC 6455 section 5, in the families of cases of the Autobahn test suite: framing, pings, reserved bits, opcodes, fragments, UTF-8,
closing, limits."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.protocol import LONGEST_FRAME, Close
from chat.wire import Event, Filler, Goodbye, Ping, Reader, Text, Violation, close_frame, pong_frame
from tests.chat.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

NO_TEXTS = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"a\xf0\x9f\x99")
LARGE = b"x" * LONGEST_FRAME


def read(data: bytes, chunk: int = 0) -> list[Event]:
    """What a reader makes of it, in pieces of ``chunk`` bytes or whole."""
    reader = Reader()
    chunks = [data[start : start + chunk] for start in range(0, len(data), chunk)] if chunk else [data]
    return [event for piece in chunks for event in reader.feed(piece)]


def reason(code: int, text: bytes = b"") -> bytes:
    return frame(code.to_bytes(2, "big") + text, CLOSE)


@pytest.mark.parametrize("chunk", [0, 1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("data", "events"),
    [
        (frame(b""), [Text("")]),
        *((frame(b"x" * length), [Text("x" * length)]) for length in (1, 124, 125, 126, 127, 128, 65, 4000)),
        (frame(LARGE), [Text("x" * LONGEST_FRAME)]),
        (frame("κόσμε 🙂".encode()), [Text("κόσμε 🙂")]),
        (frame(b"", PING), [Ping(b"")]),
        (frame(b"\x00\xff" * 62, PING), [Ping(b"\x00\xff" * 62)]),
        (frame(b"unasked", PONG), [Filler()]),
        (frame(b"a", fin=False) + frame(b"b", CONTINUATION), [Filler(), Text("ab")]),
        (frame(b"", fin=False) + frame(b"", CONTINUATION, fin=False) + frame(b"", CONTINUATION), [Filler(), Filler(), Text("")]),
        (frame(b"a", fin=False) + frame(b"!", PING) + frame(b"b", CONTINUATION), [Filler(), Ping(b"!"), Text("ab")]),
        ("é".encode().join((frame(b""), frame(b"")))[:0] + frame(b"\xc3", fin=False) + frame(b"\xa9", CONTINUATION), [Filler(), Text("é")]),
        (frame(b"", CLOSE), [Goodbye(1000)]),
        (reason(1000, b"bye"), [Goodbye(1000)]),
        *((reason(code), [Goodbye(code)]) for code in (1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)),
        (frame(b"1") + frame(b"2") + frame(b"3"), [Text("1"), Text("2"), Text("3")]),
    ],
)
def test_what_is_allowed_is_read_however_it_is_cut(data: bytes, events: list[Event], chunk: int) -> None:
    assert read(data, chunk) == events


@pytest.mark.parametrize(
    ("data", "code"),
    [
        *((frame(b"x", reserved=bits), Close.PROTOCOL) for bits in range(1, 8)),
        (frame(b"", PING, reserved=4), Close.PROTOCOL),
        *((frame(b"", opcode), Close.PROTOCOL) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
        (frame(b"x", masked=False), Close.PROTOCOL),
        (frame(b"x" * 126, PING), Close.PROTOCOL),
        (frame(b"x" * 126, PONG), Close.PROTOCOL),
        (frame(b"x" * 126, CLOSE), Close.PROTOCOL),
        (frame(b"", PING, fin=False), Close.PROTOCOL),
        (frame(b"", CLOSE, fin=False), Close.PROTOCOL),
        (frame(b"x", CONTINUATION), Close.PROTOCOL),
        (frame(b"x", CONTINUATION, fin=False), Close.PROTOCOL),
        (frame(b"x", fin=False) + frame(b"y"), Close.PROTOCOL),
        (frame(b"x", fin=False) + frame(b"y", BINARY), Close.PROTOCOL),
        (frame(b"x", BINARY), Close.NOT_TEXT),
        (frame(b"", BINARY, fin=False), Close.NOT_TEXT),
        (frame(b"", length=LONGEST_FRAME + 1), Close.TOO_LARGE),
        (frame(b"", length=2**62), Close.TOO_LARGE),
        (frame(b"", length=2**63), Close.PROTOCOL),
        (frame(b"", length=2**64 - 1), Close.PROTOCOL),
        (frame(LARGE, fin=False) + frame(b"x", CONTINUATION), Close.TOO_LARGE),
        (frame(LARGE[1:], fin=False) + frame(b"xy", CONTINUATION, fin=False), Close.TOO_LARGE),
        (b"\x81\xfe\x00\x01" + bytes(4) + b"x", Close.PROTOCOL),
        (b"\x81\xff" + (126).to_bytes(8, "big") + bytes(4), Close.PROTOCOL),
        *((frame(text), Close.NOT_UTF8) for text in NO_TEXTS),
        (frame(b"\xc3", fin=False) + frame(b"\x28", CONTINUATION), Close.NOT_UTF8),
        (frame(b"\x03", CLOSE), Close.PROTOCOL),
        *((reason(code), Close.PROTOCOL) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)),
        (reason(1000, b"\xff"), Close.NOT_UTF8),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_code(data: bytes, code: Close) -> None:
    for chunk in (0, 1, 5):
        with pytest.raises(Violation) as violation:
            read(data, chunk)
        assert violation.value.code is code


def test_a_message_that_is_too_large_is_refused_by_its_head() -> None:
    with pytest.raises(Violation):
        read(frame(b"", length=LONGEST_FRAME + 1)[:4])


def test_frames_of_a_server_are_not_masked() -> None:
    assert close_frame(1000) == b"\x88\x02\x03\xe8"
    assert close_frame(4008, "é" * 100) == b"\x88\x7c\x0f\xa8" + "é".encode() * 61
    assert pong_frame(b"x") == b"\x8a\x01x"


@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_are_read_or_refused_and_never_hoarded(data: bytes, chunk: int) -> None:
    reader = Reader()
    with suppress(Violation):
        for start in range(0, len(data), chunk):
            list(reader.feed(data[start : start + chunk]))
    assert len(reader._buffer) <= len(data)


@given(st.lists(st.text(max_size=300), max_size=5), st.integers(1, 64), st.data())
def test_texts_come_out_as_they_went_in_however_they_are_fragmented_and_cut(texts: list[str], chunk: int, draw: st.DataObject) -> None:
    wire = b""
    for text in texts:
        payload = text.encode()
        cuts = sorted(draw.draw(st.lists(st.integers(0, len(payload)), max_size=3)))
        pieces = [payload[start:end] for start, end in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
        for number, piece in enumerate(pieces):
            wire += frame(piece, TEXT if number == 0 else CONTINUATION, fin=number == len(pieces) - 1)

    assert [event.text for event in read(wire, chunk) if isinstance(event, Text)] == texts
