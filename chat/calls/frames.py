"""The frames of calls on the realtime socket, as ``docs/realtime-protocol.md`` describes them. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from storage.model.call import CallRole, HowLeft

LONGEST_SDP = 32 * 1024
"""Characters of a session description: an offer of two microphones and two pictures has about 20 thousand."""
LONGEST_CANDIDATE = 1024
LONGEST_CALL_FRAME = 48 * 1024
"""Bytes of a frame of somebody who has a seat."""
LARGEST_TEXT = 2048

Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
CallName = Annotated[str, Meta(min_length=26, max_length=26)]
SeatName = Annotated[str, Meta(min_length=1, max_length=32)]
Secret = Annotated[str, Meta(max_length=64)]
Quality = Literal["", "good", "fair", "poor"]
Order = Literal["mute", "remove", "lower_hand", "cohost", "person"]
Figure = Annotated[str, Meta(min_length=1, max_length=32)]


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """A session description (W3C WebRTC section 4.5). A rollback has none."""

    type: Literal["offer", "answer", "rollback"]
    sdp: Annotated[str, Meta(max_length=LONGEST_SDP)] = ""


class Candidate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An ICE candidate as browsers write it (W3C WebRTC section 4.8.1.1). Names of multicast DNS in it are passed on as they are."""

    candidate: Annotated[str, Meta(max_length=LONGEST_CANDIDATE)]
    sdp_mid: Annotated[str, Meta(max_length=64)] | None = None
    sdp_m_line_index: Annotated[int, Meta(ge=0, le=255)] | None = msgspec.field(default=None, name="sdpMLineIndex")
    username_fragment: Annotated[str, Meta(max_length=256)] | None = None


class Enter(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="enter"):
    """Come into a call. ``invite`` is the secret of an invitation, ``name`` a guest's. With the ``seat`` and ``secret`` of before
    the same seat is taken again.
    """

    id: Identifier
    call: CallName
    invite: Secret = ""
    name: Annotated[str, Meta(max_length=256)] = ""
    seat: Annotated[str, Meta(max_length=32)] = ""
    secret: Secret = ""


class SignalTo(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="signal"):
    """Tell the browser of another seat something: one of the two. A ``candidate`` of null says that there are no more."""

    id: Identifier
    call: CallName
    to: SeatName
    description: Description | UnsetType = UNSET
    candidate: Candidate | UnsetType | None = UNSET


class Show(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="show"):
    """What one's own seat sends, whether the hand is up, and how well the call gets through."""

    id: Identifier
    call: CallName
    camera: bool
    microphone: bool
    screen: bool
    hand: bool
    quality: Quality = ""


class Say(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="say"):
    """Write to everybody in the call. It is kept nowhere."""

    id: Identifier
    call: CallName
    text: Annotated[str, Meta(max_length=4 * LARGEST_TEXT)]


class Admit(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="admit"):
    """Let somebody in who knocks, or don't."""

    id: Identifier
    call: CallName
    knock: SeatName
    admit: bool


class Direct(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="direct"):
    """Ask somebody to be silent, lower their hand, put them out, or make them a co-host or one no more."""

    id: Identifier
    call: CallName
    seat: SeatName
    order: Order


class Lock(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="lock"):
    """Let nobody new in, or do so again."""

    id: Identifier
    call: CallName
    locked: bool


class Renew(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="renew"):
    """Ask for relays that are good for longer."""

    id: Identifier
    call: CallName


class Exit(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="exit"):
    """Leave a call, or its lobby. ``quality`` are figures of how the call was, for one's own history."""

    id: Identifier
    call: CallName
    quality: Annotated[dict[Figure, float], Meta(max_length=16)] = {}


class EndCall(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="end_call"):
    """End the call for everybody."""

    id: Identifier
    call: CallName


CallRequest = Enter | SignalTo | Show | Say | Admit | Direct | Lock | Renew | Exit | EndCall


class SeatInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's place in a call. ``account`` is empty for a guest; ``since`` in Unix milliseconds.

    ``present`` is false while nobody hears of them: they have 15 seconds to come back.
    """

    seat: str
    name: str
    account: str
    role: CallRole
    camera: bool
    microphone: bool
    screen: bool
    hand: bool
    quality: Quality
    present: bool
    since: int


class KnockInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who waits in the lobby. ``account`` is empty for a guest."""

    id: str
    name: str
    account: str


class IceServer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A STUN or TURN server, as ``RTCConfiguration.iceServers`` has it."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


class Relays(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How browsers reach each other. ``relay_only``: use nothing but the relays, so that nobody learns one's address.

    ``relay_to_guests``: the same only with those who have no account. ``address_visible`` says that this would be so, but the instance
    has no relay. ``expires`` in Unix milliseconds, 0 for never.
    """

    ice_servers: tuple[IceServer, ...]
    relay_only: bool
    expires: int
    relay_to_guests: bool = False
    address_visible: bool = False


class Seated(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="seated"):
    """The answer to ``enter``: the call as it is. ``secret`` with ``you`` takes the seat again, on any node."""

    id: str
    call: str
    title: str
    you: str
    secret: str
    seats: tuple[SeatInfo, ...]
    knocks: tuple[KnockInfo, ...]
    relays: Relays
    locked: bool
    lobby: bool
    limit: int
    may_direct: bool


class Knocking(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="knocking"):
    """Somebody in the call decides; ``seated`` or ``refused`` with the same ``id`` follows."""

    id: str
    call: str


class SeatChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="seat"):
    """A new seat, or how one is now."""

    call: str
    seat: SeatInfo


class SeatLeft(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="seat_left"):
    """Somebody left, was ``removed``, or did not come back (``lost``)."""

    call: str
    seat: str
    how: HowLeft


class Signalled(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="signalled"):
    """What the browser of another seat tells."""

    call: str
    sender: str = msgspec.field(name="from")
    description: Description | UnsetType = UNSET
    candidate: Candidate | UnsetType | None = UNSET


class Knocked(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="knocked"):
    """To host and co-hosts: somebody wants to come in."""

    call: str
    knock: KnockInfo


class KnockOver(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="knock_over"):
    """To host and co-hosts: somebody waits no more."""

    call: str
    knock: str


class Asked(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="asked"):
    """The host or a co-host asks for something; only one's own browser can do it."""

    call: str
    by: str
    order: Literal["mute", "lower_hand"]


class Said(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="said"):
    """Somebody wrote. ``at`` in Unix milliseconds."""

    call: str
    seat: str
    name: str
    text: str
    at: int


class CallChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="call"):
    """How the call is now."""

    call: str
    title: str
    locked: bool
    lobby: bool


class RelaysRenewed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="relays"):
    """The answer to ``renew``."""

    id: str
    call: str
    relays: Relays


class CallOver(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="call_over"):
    """The socket is in the call no more, and why."""

    call: str
    code: str
    detail: str


CallFrame = (
    Seated | Knocking | SeatChanged | SeatLeft | Signalled | Knocked | KnockOver | Asked | Said | CallChanged | RelaysRenewed | CallOver
)
