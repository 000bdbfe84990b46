"""Where a webhook may lead: to the public network, unless the operator allows more. Pure."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from storage.model.errors import BadInput, ErrorCode

LONGEST_URL = 500

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_IPV4_COMPATIBLE = ipaddress.ip_network("::/96")


def checked_url(url: str, *, private: bool) -> str:
    """A webhook's address: ``https``, or with ``private`` also ``http``; no user, no fragment.

    Raises:
        BadInput: ``WEBHOOK_URL_INVALID``.
    """
    problem = _problem(url, private=private)
    if problem:
        raise BadInput(ErrorCode.WEBHOOK_URL_INVALID, problem)
    return url


def _problem(url: str, *, private: bool) -> str:
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return f"A webhook's address has at most {LONGEST_URL} visible ASCII characters."
    parts = _parts(url)
    if parts is None or not parts.hostname:
        return "A webhook's address names a host."
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        return "A webhook's address begins with https://."
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "A webhook's address has no user and no fragment."
    literal = literal_address(parts.hostname)
    if literal is not None and not private and not is_public(literal):
        return "A webhook's address leads to the public network."
    return ""


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        # Looking at the port checks it.
        port = parts.port
    except ValueError:
        return None
    return None if port == 0 else parts


def literal_address(host: str) -> Address | None:
    """The IP address a host is written as, or None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address is somewhere on the public network, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        wrapped = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None or any(address in network for network in _NAT64) or address in _IPV4_COMPATIBLE:
            return False
        if wrapped is not None:
            return is_public(wrapped)
    return address.is_global and not address.is_multicast
