"""Where publishers are told to send their media, and from where it may come.

| ``FANLIGHT_HOST`` | ``FANLIGHT_ANNOUNCED_IPS`` | told                          | taken from     |
|-------------------|----------------------------|-------------------------------|----------------|
| any               | set                        | those, in their order         | everywhere     |
| a wildcard        | empty                      | this machine's addresses      | everywhere     |
| a loopback one    | empty                      | this machine's addresses      | this machine   |
| another address   | empty                      | that address                  | everywhere     |

On a loopback host the browser on this machine is told the machine's other addresses, not the loopback one: Firefox and
GStreamer send nothing to that. Of this machine's addresses the one its default route leaves from comes first, since
FFmpeg tries no other, and IPv4 before IPv6. They are looked up anew for every session: laptops move.
"""

import ipaddress
import socket
from collections.abc import Iterable, Sequence

import psutil

from ingest.stun import Address

MOST = 8
_PROBES = ((socket.AF_INET, "198.51.100.1"), (socket.AF_INET6, "2001:db8::1"))
WILDCARDS = ("0.0.0.0", "::")


class Addresses:
    """The media addresses of this node. ``bind`` is the address to bind."""

    def __init__(self, announced: Sequence[str], host: str) -> None:
        self._announced = tuple(announced)
        resolved = host if host in WILDCARDS else str(socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM)[0][4][0])
        loopback = ipaddress.ip_address(resolved).is_loopback
        self.bind = WILDCARDS[0] if loopback or host in WILDCARDS else resolved
        self.machine_only = loopback and not announced
        self._ours = frozenset(_interfaces())

    def announce(self) -> tuple[str, ...]:
        """The addresses for an answer's candidates, in the order of preference; never empty."""
        if self._announced:
            return self._announced
        if self.bind not in WILDCARDS:
            return (self.bind,)
        found = _interfaces()
        self._ours = frozenset(found)
        return order(_default_routes(), found) or ("127.0.0.1",)

    def admits(self, source: Address) -> bool:
        """Whether a publisher may send from there."""
        if not self.machine_only:
            return True
        host = ipaddress.ip_address(source[0])
        host = getattr(host, "ipv4_mapped", None) or host
        return host.is_loopback or str(host) in self._ours


def order(preferred: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """IPv4 before IPv6, preferred before others, without the addresses nobody else can send to. Pure."""
    usable = [address for address in dict.fromkeys((*preferred, *others)) if _usable(address)]
    return tuple(sorted(usable, key=lambda address: ipaddress.ip_address(address).version))[:MOST]


def _usable(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified)


def _default_routes() -> list[str]:
    found = []
    for family, probe in _PROBES:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as route:
                # Connecting a UDP socket sends nothing; it only looks up the route.
                route.connect((probe, 9))
                found.append(str(route.getsockname()[0]))
        except OSError:
            continue
    return found


def _interfaces() -> list[str]:
    up = {name for name, stats in psutil.net_if_stats().items() if stats.isup}
    entries = (entry for name, addresses in psutil.net_if_addrs().items() if name in up for entry in addresses)
    return [entry.address for entry in entries if entry.family in (socket.AF_INET, socket.AF_INET6)]
