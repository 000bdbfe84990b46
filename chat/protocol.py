"""The frames of the realtime socket, as ``docs/realtime-protocol.md`` describes them: JSON objects with a ``type``. Pure.

A client's request carries an ``id`` of its choice and is answered by ``done`` or ``refused`` with the same one. Fields that a reader
does not know are ignored, so that either side may be newer.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated

import msgspec

from chat.calls.frames import CallFrame, CallRequest
from storage.chat.events import Badge, Message, Poll
from storage.chat.settings import Modes
from storage.model.errors import BadInput, ErrorCode

VERSION = 1
LONGEST_FRAME = 16 * 1024
"""Bytes of a client's frame; of somebody in a call :data:`chat.calls.frames.LONGEST_CALL_FRAME`."""
LONGEST_TEXT = 500
"""Code points of a message's text; and :data:`LARGEST_TEXT` bytes of UTF-8."""
LARGEST_TEXT = 2048
IDLE_SECONDS = 60
"""A client that sends nothing for so long is gone; it sends ``ping`` where it has nothing to say."""

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Room = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
RecordName = Annotated[str, msgspec.Meta(min_length=26, max_length=26)]


class Close(IntEnum):
    """Why a socket was closed (RFC 6455 section 7.4; from 4000 on our own)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL = 1002
    """Frames that RFC 6455 does not allow."""
    NOT_TEXT = 1003
    NOT_UTF8 = 1007
    POLICY = 1008
    TOO_LARGE = 1009
    RESTART = 1012
    """The node stops: reconnect after the ``retry_after`` of the ``bye`` before it."""
    FULL = 1013
    """The node has all the sockets it takes: try again later."""
    NO_HELLO = 4000
    """The first frame was no ``hello``, or did not come in time."""
    TICKET = 4001
    """The ticket is not valid (any more): get another."""
    SIGNED_OUT = 4003
    """The session behind the socket is over."""
    BAD_FRAME = 4004
    """Frames that can't be read, again and again."""
    SLOW = 4008
    """The client did not read what it was sent: reconnect and resume."""
    IDLE = 4010
    """Nothing came for too long."""
    FLOOD = 4029
    """Frames came faster than anybody writes."""


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="hello"):
    """The first frame. ``ticket`` is from ``POST /api/v1/sockets``; without one the socket is a stranger's, who may read."""

    version: Annotated[int, msgspec.Meta(ge=1, le=2**31)]
    ticket: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    client: Annotated[str, msgspec.Meta(max_length=100)] = ""


class Join(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="join"):
    """Enter a room. With the ``epoch`` and ``after`` of what was seen last, what was missed follows, or that something is lost is said.

    ``token`` is a playback token of the channel, where a password opens it.
    """

    id: Identifier
    room: Room
    epoch: Annotated[str, msgspec.Meta(max_length=16)] = ""
    after: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    token: Annotated[str, msgspec.Meta(max_length=2048)] = ""


class Leave(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="leave"):
    """Leave a room."""

    id: Identifier
    room: Room


class Send(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="send"):
    """Write a message, or a command where ``text`` begins with ``/``. Sent again with the same ``id`` it is the same message.

    ``media`` is the capture time of the picture that is seen, in Unix milliseconds; 0 if unknown.
    """

    id: Identifier
    room: Room
    text: Annotated[str, msgspec.Meta(max_length=4 * LARGEST_TEXT)]
    reply: Annotated[str, msgspec.Meta(max_length=26)] = ""
    media: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class Edit(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="edit"):
    """Change an own message."""

    id: Identifier
    room: Room
    message: RecordName
    text: Annotated[str, msgspec.Meta(max_length=4 * LARGEST_TEXT)]


class Delete(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="delete"):
    """Delete an own message, or as a moderator another's."""

    id: Identifier
    room: Room
    message: RecordName


class React(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="react"):
    """Add a reaction to a message or take it back: an emoji, or an emote as ``:name:``."""

    id: Identifier
    room: Room
    message: RecordName
    reaction: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    on: bool = True


class Vote(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="vote"):
    """Choose an option of the room's poll, counted from 0; again to choose another."""

    id: Identifier
    room: Room
    poll: RecordName
    option: Annotated[int, msgspec.Meta(ge=0, le=9)]


class Acknowledge(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="acknowledge"):
    """Say that a warning was read; until then nothing can be written."""

    id: Identifier
    room: Room


class History(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="history"):
    """Ask for at most ``limit`` messages before the number ``before``."""

    id: Identifier
    room: Room
    before: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50


class Ping(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="ping"):
    """Still here; what time is it?"""


ClientFrame = Hello | Join | Leave | Send | Edit | Delete | React | Vote | Acknowledge | History | Ping | CallRequest


class Self(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who the socket is."""

    name: str
    shown: str
    colour: str
    avatar: str = ""


class You(msgspec.Struct, frozen=True, kw_only=True):
    """What the socket's account is in a room. ``may`` names what it can do: ``write``, ``moderate``, ``manage``.

    ``muted_until`` in Unix milliseconds, 0 if not muted; ``warning`` is what must be acknowledged first, or empty. ``refused`` is the
    code of why it can't write now, or empty.
    """

    may: tuple[str, ...] = ()
    badges: tuple[Badge, ...] = ()
    muted_until: int = 0
    muted_for: str = ""
    warning: str = ""
    refused: str = ""


class Welcome(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="welcome"):
    """The answer to ``hello``. ``now`` is the server's Unix milliseconds, ``idle`` seconds after which silence means death."""

    version: int
    now: int
    account: Self | None
    idle: int = IDLE_SECONDS
    longest_text: int = LONGEST_TEXT


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the history with its event's number."""

    seq: int
    message: Message


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """Who is there: ``accounts`` and ``strangers`` are numbers; ``names`` is given while there are few."""

    accounts: int
    strangers: int
    names: tuple[str, ...] | None = None


class Joined(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="joined"):
    """The answer to ``join``: the room as it is at the number ``seq``.

    After a resumption (``resumed``) there is no history: the events that were missed follow. ``missed`` says that something was
    lost that can't be told any more: throw away what is shown and take ``messages``.
    """

    id: str
    room: str
    epoch: str
    seq: int
    resumed: bool
    missed: bool
    you: You
    modes: Modes
    shield: bool
    pinned: Message | None
    poll: Poll | None
    present: Presence
    messages: tuple[Numbered, ...] = ()
    earlier: bool = False
    """Whether there are messages before the first."""
    mine: Mapping[str, tuple[str, ...]] = {}
    """How the socket's account reacted to ``messages``, by id."""
    voted: int | None = None
    """What it chose in the poll."""
    live: bool = False
    notices: bool = False
    previews: bool = False


class Events(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="events"):
    """What happened after the number ``after`` up to ``seq``. A client that is elsewhere than at ``after`` joins again to resume."""

    room: str
    after: int
    seq: int
    events: tuple[msgspec.Raw, ...]


class PresenceChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="presence"):
    """Who is in a room now; ``joined`` and ``left`` name who came and went where the room tells that."""

    room: str
    present: Presence
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class YouChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="you"):
    """What the socket's account is in a room now."""

    room: str
    you: You


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="left"):
    """The socket is no longer in a room, and why."""

    room: str
    code: str
    detail: str


class Mentioned(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="mentioned"):
    """Somebody wrote the account's name in another room than those joined, or answered it."""

    room: str
    message: Message


class Earlier(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="history"):
    """The answer to ``history``, oldest first; ``earlier``: whether there are more before, ``mine``: how the socket's account reacted."""

    id: str
    room: str
    messages: tuple[Numbered, ...]
    earlier: bool
    mine: Mapping[str, tuple[str, ...]] = {}


class Done(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="done", omit_defaults=True):
    """A request was done, for good: what it wrote is committed. ``held`` says that a message waits for the team's decision.

    ``text`` is what a command answers.
    """

    id: str
    message: str = ""
    seq: int = 0
    held: bool = False
    text: str = ""


class RequestRefused(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="refused", omit_defaults=True):
    """A request was not done. ``retry_after`` (seconds) where it may be later."""

    id: str
    code: str
    detail: str
    retry_after: float = 0


class Pong(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="pong"):
    """The answer to ``ping``: Unix milliseconds of the server's clock."""

    now: int


class Bye(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="bye"):
    """The socket is about to be closed; come back after ``retry_after`` seconds."""

    code: int
    detail: str
    retry_after: float


ServerFrame = (
    Welcome | Joined | Events | PresenceChanged | YouChanged | Ended | Mentioned | Earlier | Done | RequestRefused | Pong | Bye | CallFrame
)

_decoder: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_encode = msgspec.json.Encoder().encode


def parse(text: str) -> ClientFrame:
    """A client's frame. Raises ``BadInput(FRAME_INVALID)``."""
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        reason = str(error) if isinstance(error, msgspec.ValidationError) else "no JSON object with a known type"
        raise BadInput(ErrorCode.FRAME_INVALID, f"The frame can't be read: {reason[:200]}.") from None


def encode(frame: ServerFrame) -> bytes:
    """JSON in UTF-8."""
    return _encode(frame)


def identifier(text: str) -> str:
    """The ``id`` of a frame that could not be read, where it has one; for the refusal."""
    try:
        found = msgspec.json.decode(text, type=_Identified).id
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return ""
    return found[:64]


class _Identified(msgspec.Struct):
    id: str = ""
