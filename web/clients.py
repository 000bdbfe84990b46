"""Which address a request comes from, also through proxies of ours; anybody else's word for it counts nothing."""

import ipaddress
from collections.abc import Iterable, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MOST_HOPS = 16
"""Addresses of ``X-Forwarded-For`` that are looked at, from the last one back."""

_SUBSCRIBER = 64
"""Bits of an IPv6 address that name whoever has it (RFC 6177): the rest they may choose anew for every request."""


class Clients:
    """``proxies`` are addresses or networks whose ``X-Forwarded-For`` is believed (``FANLIGHT_PROXIES``)."""

    def __init__(self, proxies: Iterable[str]) -> None:
        self._proxies: Sequence[Network] = tuple(ipaddress.ip_network(proxy, strict=False) for proxy in proxies)

    def address(self, peer: str | None, forwarded_for: str | None) -> str:
        """Where a request comes from: its ``peer``, or whom a proxy names, or whom a proxy that this one names, names, and so on."""
        current = _parsed(peer or "")
        if current is None:
            return ""
        for named in reversed((forwarded_for or "").split(",")[-MOST_HOPS:]):
            before = _parsed(named.strip())
            if before is None or not self._is_proxy(current):
                break
            current = before
        return str(current)

    def _is_proxy(self, address: Address) -> bool:
        return any(address in network for network in self._proxies)


def subscriber(address: str) -> str:
    """Whom to count under a limit: an IPv4 address, or the network of an IPv6 address."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, _SUBSCRIBER), strict=False))
    return address


def _parsed(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        # A socket that listens on :: sees IPv4 peers so.
        return found.ipv4_mapped or ipaddress.IPv6Address(int(found))
    return found
