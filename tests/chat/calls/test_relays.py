"""Who gets which credentials for which TURN server, and what they are told of their address."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.calls.frames import IceServer, Relays
from chat.calls.relays import LIFE, RelayServers, credentials
from storage.model.call import RelayRule

SECRET = "a secret of TURN servers"
NOW = 1_764_000_000.7
STUN, TURN = ("stun:turn.example.org",), ("turn:turn.example.org?transport=udp", "turns:turn.example.org?transport=tcp")
NAMES = st.from_regex(r"[a-z0-9]{1,26}", fullmatch=True)


def _told(servers: RelayServers, rule: RelayRule = RelayRule.GUESTS, *, guest: bool = False) -> Relays:
    return servers.told(rule, guest=guest, call="call", seat="seat", now=NOW)


def test_credentials_say_until_when_and_whose_they_are() -> None:
    made = credentials(SECRET, "call", "seat", NOW, 60)
    assert made.username == "1764000060:call.seat"
    assert made.password == base64.b64encode(hmac.new(SECRET.encode(), made.username.encode(), hashlib.sha1).digest()).decode()


@given(NAMES, NAMES, NAMES, NAMES, st.integers(1, LIFE))
def test_two_seats_share_no_credentials(call: str, seat: str, other_call: str, other_seat: str, seconds: int) -> None:
    mine, theirs = credentials(SECRET, call, seat, NOW, seconds), credentials(SECRET, other_call, other_seat, NOW, seconds)
    assert ((call, seat) == (other_call, other_seat)) == (mine == theirs) == (mine.password == theirs.password)


@pytest.mark.parametrize("seconds", [0, -1, LIFE + 1])
def test_no_credentials_are_good_for_ever_or_not_at_all(seconds: int) -> None:
    with pytest.raises(ValueError, match=str(seconds)):
        credentials(SECRET, "call", "seat", NOW, seconds)


@pytest.mark.parametrize("name", ["", "a.b", "a:b", "ä", "a b"])
def test_names_that_could_be_taken_for_others_are_refused(name: str) -> None:
    for call, seat in ((name, "seat"), ("call", name)):
        with pytest.raises(ValueError):  # noqa: PT011 - an empty name has no words
            credentials(SECRET, call, seat, NOW)


def test_without_settings_there_is_no_server() -> None:
    assert _told(RelayServers()) == Relays(ice_servers=(), relay_only=False, address_visible=False, expires=0)


def test_stun_needs_no_credentials_and_turn_has_them() -> None:
    told = _told(RelayServers(STUN, TURN, SECRET))
    stun, turn = told.ice_servers
    assert stun == IceServer(urls=STUN)
    assert turn.urls == TURN
    assert (turn.username, turn.credential) == credentials(SECRET, "call", "seat", NOW)
    assert told.expires == 1_764_003_600_000


@pytest.mark.parametrize(
    ("rule", "guest", "hidden"),
    [
        (RelayRule.GUESTS, False, False),
        (RelayRule.GUESTS, True, True),
        (RelayRule.EVERYBODY, False, True),
        (RelayRule.EVERYBODY, True, True),
        (RelayRule.NOBODY, False, False),
        (RelayRule.NOBODY, True, False),
    ],
)
def test_who_should_be_hidden_is_or_is_told_that_they_are_not(rule: RelayRule, guest: bool, hidden: bool) -> None:
    with_turn, without = _told(RelayServers(STUN, TURN, SECRET), rule, guest=guest), _told(RelayServers(STUN), rule, guest=guest)
    assert (with_turn.relay_only, with_turn.address_visible) == (hidden, False)
    assert (without.relay_only, without.address_visible) == (False, hidden)
    # Of a pair with a guest in it, neither learns the other's address.
    assert with_turn.relay_to_guests is (rule is RelayRule.GUESTS and not guest)
    assert without.relay_to_guests is False
