import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.rtp import find_extension, locate_payload, unwrap_sequence, unwrap_timestamp
from tests.ingest.packets import MID_ID, TWCC_ID, rtp_packet


@pytest.mark.parametrize("two_byte", [False, True])
@pytest.mark.parametrize("sources", [(), (1, 2, 3)])
@pytest.mark.parametrize("padding", [0, 1, 200])
def test_a_payload_and_its_extensions_are_found(two_byte: bool, sources: tuple[int, ...], padding: int) -> None:
    packet = rtp_packet(
        b"payload",
        ssrc=1,
        payload_type=96,
        sequence=7,
        timestamp=8,
        twcc=0x1234,
        mid="video0",
        padding=padding,
        two_byte=two_byte,
        sources=sources,
    )
    place = locate_payload(packet)
    assert place is not None
    assert packet[place.start : place.end] == b"payload"
    twcc = find_extension(packet, place.extension, place.extension_end, TWCC_ID)
    mid = find_extension(packet, place.extension, place.extension_end, MID_ID)
    assert twcc is not None
    assert mid is not None
    assert packet[twcc[0] : sum(twcc)] == b"\x12\x34"
    assert packet[mid[0] : sum(mid)] == b"video0"
    assert find_extension(packet, place.extension, place.extension_end, 9) is None


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        bytes(12),
        b"\x80" + bytes(10),
        b"\x8f" + bytes(20),
        b"\x90" + bytes(11),
        b"\x90" + bytes(11) + b"\xbe\xde\x00\x09" + bytes(8),
        b"\xa0" + bytes(11) + b"\x00",
        b"\xa0" + bytes(11) + b"\x02",
    ],
)
def test_a_malformed_packet_has_no_payload(packet: bytes) -> None:
    assert locate_payload(packet) is None


def test_an_extension_that_runs_over_its_end_is_not_there() -> None:
    packet = b"\x90" + bytes(11) + b"\xbe\xde\x00\x01" + bytes((TWCC_ID << 4 | 15, 1, 2, 3)) + b"xyz"
    place = locate_payload(packet)
    assert place is not None
    assert find_extension(packet, place.extension, place.extension_end, TWCC_ID) is None


@given(st.binary(max_size=80), st.integers(1, 14))
def test_any_bytes_can_be_looked_at(data: bytes, wanted: int) -> None:
    place = locate_payload(b"\x90" + data)
    if place is not None and place.extension:
        find_extension(b"\x90" + data, place.extension, place.extension_end, wanted)


@given(st.integers(0, 1 << 40), st.integers(-0x7FFF, 0x7FFF))
def test_a_sequence_number_is_unwrapped_to_its_neighbourhood(near: int, distance: int) -> None:
    assert unwrap_sequence((near + distance) & 0xFFFF, near) == near + distance


@given(st.integers(0, 1 << 60), st.integers(-0x7FFFFFFF, 0x7FFFFFFF))
def test_a_timestamp_is_unwrapped_to_its_neighbourhood(near: int, distance: int) -> None:
    assert unwrap_timestamp((near + distance) & 0xFFFFFFFF, near) == near + distance
