import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import stun
from ingest.ice import MOST_ADDRESSES, IceAgent, IceCredentials
from ingest.stun import Address

OURS = IceCredentials("ours", "p" * 24)
THEIRS = IceCredentials("them", "q" * 24)
SOURCE: Address = ("192.0.2.9", 4444)


def agent() -> IceAgent:
    return IceAgent(OURS, THEIRS)


def check(
    credentials: IceCredentials = OURS,
    *,
    nominate: bool = False,
    priority: int | None = 100,
    more: dict[int, bytes] | None = None,
) -> bytes:
    attributes = {stun.USERNAME: f"{credentials.ufrag}:them".encode(), stun.ICE_CONTROLLING: bytes(8), **(more or {})}
    if priority is not None:
        attributes[stun.PRIORITY] = priority.to_bytes(4, "big")
    if nominate:
        attributes[stun.USE_CANDIDATE] = b""
    return stun.request(b"transaction!", attributes, credentials.password)


def message(data: bytes) -> stun.StunMessage:
    parsed = stun.parse(data)
    assert parsed is not None
    return parsed


def test_a_signed_check_validates_its_source_and_is_told_that_source() -> None:
    one = agent()
    verdict = one.receive(message(check()), SOURCE)
    assert verdict.valid
    assert verdict.reply is not None
    reply = message(verdict.reply)
    assert reply.kind == stun.BINDING_SUCCESS
    assert reply.transaction == b"transaction!"
    assert reply.authentic(OURS.password)
    assert stun.mapped_address(reply) == SOURCE
    assert one.selected == SOURCE


@pytest.mark.parametrize("source", [("2001:db8::5", 99, 0, 0), ("fe80::1%eth0", 99, 0, 2)])
def test_an_ipv6_source_is_told(source: Address) -> None:
    reply = agent().receive(message(check()), source).reply
    assert reply is not None
    mapped = stun.mapped_address(message(reply))
    assert mapped == (source[0].split("%")[0], 99)


def test_an_ipv4_source_of_a_dual_stack_socket_is_told_as_ipv4() -> None:
    reply = agent().receive(message(check()), ("::ffff:192.0.2.9", 4444, 0, 0)).reply
    assert reply is not None
    assert stun.mapped_address(message(reply)) == SOURCE


def test_a_reply_is_never_longer_than_the_check() -> None:
    for source in (SOURCE, ("2001:db8::5", 99, 0, 0)):
        request = check()
        reply = agent().receive(message(request), source).reply
        assert reply is not None
        assert len(reply) <= len(request)


@pytest.mark.parametrize(
    "data",
    [
        check(IceCredentials("ours", "x" * 24)),
        check(IceCredentials("nobody", OURS.password)),
        bytes([0x01, 0x01]) + check()[2:-8],
        bytes([0x00, 0x11]) + check()[2:-8],
    ],
    ids=["wrong password", "wrong user", "a response", "an indication"],
)
def test_a_stranger_gets_no_reply(data: bytes) -> None:
    parsed = stun.parse(data)
    if parsed is not None:
        verdict = agent().receive(parsed, SOURCE)
        assert verdict.reply is None
        assert not verdict.valid


def test_a_check_without_priority_is_taken_as_ffmpeg_8_sends_none() -> None:
    assert agent().receive(message(check(priority=None)), SOURCE).valid


def test_a_peer_that_thinks_it_is_controlled_is_told_otherwise() -> None:
    one = agent()
    verdict = one.receive(message(check(more={stun.ICE_CONTROLLED: bytes(8)})), SOURCE)
    assert verdict.reply is not None
    reply = message(verdict.reply)
    assert reply.kind == stun.BINDING_ERROR
    assert reply.attributes[stun.ERROR_CODE][2:4] == b"\x04\x57"
    assert not verdict.valid
    assert one.selected is None


def test_regular_nomination_selects_the_nominated_address() -> None:
    one = agent()
    for port, nominate in ((1, False), (2, False), (2, True), (1, False)):
        one.receive(message(check(nominate=nominate)), ("192.0.2.9", port))
    assert one.selected == ("192.0.2.9", 2)


def test_of_aggressive_nominations_the_highest_priority_wins() -> None:
    one = agent()
    for port, priority in ((1, 10), (2, 30), (3, 20), (1, 10)):
        one.receive(message(check(nominate=True, priority=priority)), ("192.0.2.9", port))
    assert one.selected == ("192.0.2.9", 2)


def test_we_answer_where_media_comes_from_but_only_if_it_is_valid() -> None:
    one = agent()
    for port in (1, 2):
        one.receive(message(check()), ("192.0.2.9", port))
    one.heard(("192.0.2.9", 2))
    assert one.selected == ("192.0.2.9", 2)
    one.heard(("203.0.113.1", 2))
    assert one.selected == ("192.0.2.9", 2)


def test_a_restart_keeps_the_old_credentials_until_the_new_are_used() -> None:
    one = agent()
    new = IceCredentials("new1", "n" * 24)
    assert one.restart(new, THEIRS) == ""
    assert set(one.ufrags) == {"ours", "new1"}
    assert one.receive(message(check()), SOURCE).valid
    verdict = one.receive(message(check(new)), ("192.0.2.9", 5555))
    assert verdict.valid
    assert verdict.retired == "ours"
    assert one.ufrags == ("new1",)
    assert one.receive(message(check()), SOURCE).reply is None


def test_of_two_overlapping_restarts_the_one_never_used_is_dropped() -> None:
    one = agent()
    one.restart(IceCredentials("new1", "n" * 24), THEIRS)
    assert one.restart(IceCredentials("new2", "m" * 24), THEIRS) == "new1"
    assert set(one.ufrags) == {"ours", "new2"}


def test_addresses_are_bounded_and_the_selected_one_stays() -> None:
    one = agent()
    one.receive(message(check(nominate=True, priority=999)), SOURCE)
    evicted = [one.receive(message(check()), ("192.0.2.9", port)).evicted for port in range(1, 40)]
    assert len(one.addresses) == MOST_ADDRESSES
    assert SOURCE in one.addresses
    assert sum(address is not None for address in evicted) == 40 - MOST_ADDRESSES


def test_mutated_messages_never_raise_and_never_validate() -> None:
    chance = random.Random(8489)
    good = check(nominate=True)
    one = agent()
    for _ in range(20_000):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            # The fingerprint stands behind what is signed.
            data[chance.randrange(len(data) - 8)] = chance.randrange(256)
        cut = bytes(data[: chance.randrange(len(data) + 1)] if chance.random() < 0.3 else data)
        parsed = stun.parse(cut)
        if parsed is not None and cut != good:
            assert one.receive(parsed, SOURCE).reply is None
    assert one.addresses == {}


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    for candidate in (data, b"\0\x01" + len(data).to_bytes(2, "big") + bytes.fromhex("2112a442") + bytes(12) + data):
        parsed = stun.parse(candidate)
        if parsed is not None:
            agent().receive(parsed, SOURCE)


def test_a_message_may_come_without_fingerprint_but_not_with_a_wrong_one() -> None:
    whole = check()
    bare = whole[:2] + (len(whole) - 28).to_bytes(2, "big") + whole[4:-8]
    assert agent().receive(message(bare), SOURCE).valid
    assert stun.parse(whole[:-1] + bytes([whole[-1] ^ 1])) is None
