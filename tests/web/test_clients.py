"""Whose address a request has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.model.errors import BadInput
from storage.settings import Settings
from web.clients import Clients, subscriber

PROXIES = ("127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        # Who is no proxy of ours may say what they like.
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.2.3.4", "203.0.113.9, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("2001:db8:1::5", "2001:DB8::7", "2001:db8::7"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7, nonsense", "127.0.0.1"),
        ("127.0.0.1", "nonsense, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "10.0.0.1,10.0.0.2", "10.0.0.1"),
        ("127.0.0.1", "198.51.100.7:4711", "127.0.0.1"),
        ("127.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("", "198.51.100.7", ""),
        (None, None, ""),
        ("unix:", "198.51.100.7", ""),
    ],
)
def test_only_our_proxies_are_believed(peer: str | None, forwarded: str | None, address: str) -> None:
    assert Clients(PROXIES).address(peer, forwarded) == address


@given(st.text(max_size=300))
def test_whatever_is_said_an_address_comes_out(said: str) -> None:
    assert len(Clients(PROXIES).address("127.0.0.1", said)) <= 45


@pytest.mark.parametrize(
    ("address", "counted"),
    [("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("", "")],
)
def test_an_ipv6_subscriber_is_counted_once(address: str, counted: str) -> None:
    assert subscriber(address) == counted


def test_a_proxy_is_an_address_or_a_network() -> None:
    Settings(proxies=("127.0.0.1", "10.0.0.0/8", "::1")).check()
    with pytest.raises(BadInput, match="FANLIGHT_PROXIES"):
        Settings(proxies=("my-proxy",)).check()
