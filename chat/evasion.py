"""Whether a new account looks like one that is banned here. Pure; it flags, and never bans.

Addresses are never kept: compared are digests of their networks (an IPv4 /24, an IPv6 /48) under a key of the instance, for one channel
each, so that they tell nothing elsewhere and can be told back by nobody without the key.
"""

import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher

from chat.normalise import key

DIGEST_BYTES = 12
FLAG_FROM = 60
"""Points from which an account is flagged."""
SAME_NETWORK, SAME_NAME, LIKE_NAME, MADE_AFTER, VERY_NEW = 45, 40, 25, 20, 15
"""Points: what each sign is worth. None alone is enough."""
SOON = timedelta(days=7)
VERY_SOON = timedelta(hours=1)
ALIKE = 0.8
SHORTEST_NAME = 4


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An account that writes here for the first time."""

    name: str
    created_at: datetime
    network: bytes | None


@dataclass(frozen=True, slots=True)
class Banned:
    """An account that is banned here."""

    name: str
    banned_at: datetime
    network: bytes | None


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Whom it looks like, by how many points, and why."""

    name: str
    points: int
    signs: tuple[str, ...]


def network_digest(secret: bytes, channel: str, address: str) -> bytes | None:
    """What stands for an address's network in one channel; None where there is no public address to speak of."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if not parsed.is_global:
        return None
    size = 24 if parsed.version == 4 else 48
    network = ipaddress.ip_network(f"{parsed}/{size}", strict=False)
    return hmac.digest(secret, f"evasion\0{channel}\0{network}".encode(), "sha256")[:DIGEST_BYTES]


def resemblance(newcomer: Newcomer, banned: Iterable[Banned], now: datetime) -> Resemblance | None:
    """The banned account a newcomer looks most like, if enough speaks for it."""
    found = [one for one in (_compare(newcomer, other, now) for other in banned) if one.points >= FLAG_FROM]
    return max(found, key=lambda one: (one.points, one.name), default=None)


def _compare(newcomer: Newcomer, other: Banned, now: datetime) -> Resemblance:
    signs: list[tuple[int, str]] = []
    if newcomer.network is not None and other.network is not None and hmac.compare_digest(newcomer.network, other.network):
        signs.append((SAME_NETWORK, "same_network"))
    alike = likeness(newcomer.name, other.name)
    if alike == 1:
        signs.append((SAME_NAME, "same_name"))
    elif alike >= ALIKE:
        signs.append((LIKE_NAME, "similar_name"))
    if signs and newcomer.created_at >= other.banned_at and newcomer.created_at - other.banned_at <= SOON:
        signs.append((MADE_AFTER, "made_after_the_ban"))
    if signs and now - newcomer.created_at <= VERY_SOON:
        signs.append((VERY_NEW, "very_new"))
    return Resemblance(other.name, sum(points for points, _ in signs), tuple(sign for _, sign in signs))


def likeness(one: str, other: str) -> float:
    """How alike two names are, 1 where only digits at the end, look-alikes or repetition tell them apart."""
    left, right = _stem(one), _stem(other)
    if min(len(left), len(right)) < SHORTEST_NAME:
        return 0
    if left == right:
        return 1
    # An upper bound first: names whose letters differ are not compared one by one.
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= ALIKE else 0


_LEET = str.maketrans("01345789", "oieastbg")


def _stem(name: str) -> str:
    bare = name.rstrip("0123456789_-")
    return key((bare or name).translate(_LEET))
