"""The STUN and TURN servers of somebody in a call, with credentials of theirs alone. Pure.

Credentials are those of the "REST API For Access To TURN Services" (draft-uberti-behave-turn-rest-00), which coturn checks with
``use-auth-secret``: the user name says until when they are good and whose they are, the password is its HMAC.
"""

import base64
import hmac
from dataclasses import dataclass
from typing import NamedTuple

from chat.calls.frames import IceServer, Relays
from storage.model.call import RelayRule
from storage.settings import Settings

LIFE = 3600
"""Seconds credentials are good at most; a call that lasts longer asks for others."""


class Credentials(NamedTuple):
    """What a TURN server is asked with."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class RelayServers:
    """The servers of an instance: ``FANLIGHT_STUN_URLS``, ``FANLIGHT_TURN_URLS`` and what is shared with the latter."""

    stun: tuple[str, ...] = ()
    turn: tuple[str, ...] = ()
    secret: str = ""

    @staticmethod
    def of(settings: Settings) -> "RelayServers":
        """Those of the settings."""
        return RelayServers(settings.stun_urls, settings.turn_urls, settings.turn_secret)

    def told(self, rule: RelayRule, *, guest: bool, call: str, seat: str, now: float) -> Relays:
        """What somebody in a seat is told at ``now``, in Unix seconds. ``call`` is its id: its name is not the TURN server's business."""
        hidden = rule is RelayRule.EVERYBODY or (rule is RelayRule.GUESTS and guest)
        servers = [IceServer(urls=self.stun)] if self.stun else []
        if self.turn:
            made = credentials(self.secret, call, seat, now)
            servers.append(IceServer(urls=self.turn, username=made.username, credential=made.password))
        return Relays(
            ice_servers=tuple(servers),
            relay_only=hidden and bool(self.turn),
            relay_to_guests=rule is RelayRule.GUESTS and not guest and bool(self.turn),
            address_visible=hidden and not self.turn,
            expires=(int(now) + LIFE) * 1000 if self.turn else 0,
        )


def credentials(secret: str, call: str, seat: str, now: float, seconds: int = LIFE) -> Credentials:
    """What lets one seat of one call relay until ``now`` and so many ``seconds``, at most :data:`LIFE`; ``now`` is in Unix seconds.

    Raises:
        ValueError: So long is not allowed, or the names could be taken for others.
    """
    if not 0 < seconds <= LIFE:
        raise ValueError(seconds)
    for name in (call, seat):
        if not name.isalnum() or not name.isascii():
            raise ValueError(name)
    username = f"{int(now) + seconds}:{call}.{seat}"
    # SHA-1 is what the servers compute; as an HMAC's it is not broken.
    digest = hmac.digest(secret.encode(), username.encode(), "sha1")
    return Credentials(username, base64.b64encode(digest).decode())
