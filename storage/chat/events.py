"""What happens in a room, as it is kept in the log, told between nodes and told to clients: the same JSON everywhere.

Each event has a number in its room's one order. What only the team may know has the audience ``team``; others are told of the
number only, so that nobody takes it for a loss.
"""

from enum import StrEnum

import msgspec

from storage.chat.settings import ChatSettings, Modes


class Audience(StrEnum):
    """Whom an event is told."""

    EVERYBODY = "everybody"
    TEAM = "team"
    """The owner, moderators and operators."""


class MessageKind(StrEnum):
    """What a message is."""

    TEXT = "text"
    ACTION = "action"
    """Told in the third person (``/me``)."""
    ANNOUNCEMENT = "announcement"


class Badge(StrEnum):
    """What an author is in the room; shown beside the name."""

    OPERATOR = "operator"
    OWNER = "owner"
    MODERATOR = "moderator"
    VIP = "vip"
    NEW = "new"
    """Wrote here for the first time within the last day."""


class Author(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who wrote it, as they were then. ``name`` is the account's, ``shown`` what is displayed, ``avatar`` an address or empty."""

    name: str
    shown: str
    colour: str
    badges: tuple[Badge, ...] = ()
    avatar: str = ""


class Quoted(msgspec.Struct, frozen=True, kw_only=True):
    """The message a reply answers: its id, author and beginning."""

    id: str
    name: str
    shown: str
    text: str


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message as it stands now. Times are Unix milliseconds: ``at`` of the server's clock when it became visible; ``media`` is the
    capture time of the picture its author saw when they sent it, 0 if unknown.

    ``text`` is what was typed: plain text, to be shown as nothing else.
    """

    id: str
    at: int
    author: Author
    text: str
    kind: MessageKind = MessageKind.TEXT
    media: int = 0
    mentions: tuple[str, ...] = ()
    reply: Quoted | None = None
    edited: bool = False
    reactions: dict[str, int] = {}


class Posted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="message"):
    """A message became visible."""

    message: Message


class Edited(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="edited"):
    """Its author changed a message."""

    id: str
    text: str
    mentions: tuple[str, ...] = ()


class Deleted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="deleted"):
    """Messages are gone; ``by_team`` unless their author did it."""

    ids: tuple[str, ...]
    by_team: bool = False


class Purged(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="purged"):
    """All messages of an account are gone."""

    name: str


class Restored(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="restored"):
    """Messages that were gone are back, each where its ``at`` says: the newest of them; more may be found in the history."""

    messages: tuple[Message, ...]


class Cleared(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="cleared"):
    """Everything before this is gone."""


class Reacted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="reactions"):
    """A message's reactions are these now."""

    id: str
    reactions: dict[str, int]


class ModesChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="modes"):
    """The modes in force now, and whether the shield is up."""

    modes: Modes
    shield: bool = False


class SettingsChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="settings"):
    """To the team: the room's settings now, and their version, which a change of them names; 0 in what older nodes wrote."""

    settings: ChatSettings
    version: int = 0


class Pinned(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="pinned"):
    """What is pinned now, or nothing."""

    message: Message | None


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A question. ``votes`` are per option; ``ends_at`` in Unix milliseconds."""

    id: str
    question: str
    options: tuple[str, ...]
    votes: tuple[int, ...]
    ends_at: int
    closed: bool = False


class PollChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="poll"):
    """The room's poll is this now, or there is none any more."""

    poll: Poll | None


class EmotesChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="emotes"):
    """The channel's emotes changed: fetch them anew."""


class StandingChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="standing"):
    """To everybody: what an account may do here changed (role, ban, timeout, warning). Its own sockets are told more."""

    name: str


class Restricted(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="restricted"):
    """To everybody: an account may not write until ``until`` (Unix milliseconds), for ever where it is 0."""

    name: str
    until: int = 0


class Held(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="held"):
    """To the team: a message waits for its decision. ``why`` names categories and terms."""

    message: Message
    why: tuple[str, ...]


class Decided(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="decided"):
    """To the team: a message that was held is let through or not."""

    id: str
    let_through: bool
    by: str


class Logged(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="logged"):
    """To the team: something was done. Field by field as in the moderation log.

    ``by`` is empty where the room did it itself, ``subject`` where it was done to nobody; ``undoes`` names the line it undoes.
    """

    id: str
    action: str
    by: str
    subject: str
    reason: str = ""
    at: int = 0
    message: str = ""
    undoes: str = ""
    data: dict[str, str | int | bool | None] = {}


class Suspected(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="suspected"):
    """To the team: an account is looked at more closely from now on; ``level`` is none, monitored or restricted."""

    name: str
    level: str
    why: str = ""


class Appealed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="appealed"):
    """To the team: an account asks for its ban to be lifted. ``id`` is the appeal's."""

    id: str
    name: str


Event = (
    Posted
    | Edited
    | Deleted
    | Purged
    | Restored
    | Cleared
    | Reacted
    | ModesChanged
    | SettingsChanged
    | Pinned
    | PollChanged
    | EmotesChanged
    | StandingChanged
    | Restricted
    | Held
    | Decided
    | Logged
    | Suspected
    | Appealed
)

FOR_THE_TEAM = (SettingsChanged, Held, Decided, Logged, Suspected, Appealed)

_encode = msgspec.json.Encoder().encode
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def audience(event: Event) -> Audience:
    """Whom to tell."""
    return Audience.TEAM if isinstance(event, FOR_THE_TEAM) else Audience.EVERYBODY


def encoded(event: Event) -> bytes:
    """As it is kept and told."""
    return _encode(event)


def decoded(body: bytes | str) -> Event:
    """Back from JSON. Raises ``msgspec.MsgspecError``."""
    return _decoder.decode(body)


class NumberedEvent(msgspec.Struct, frozen=True, array_like=True):
    """An event at its place in the room's order, its body encoded."""

    seq: int
    audience: Audience
    body: bytes


class RoomHint(msgspec.Struct, frozen=True, kw_only=True):
    """What was just committed to a room, told between nodes: the events after ``after``, in order, without a hole.

    ``version`` is the room's after them: it grows whenever what anybody may do there changes. A hint may be lost; the log is the truth.
    """

    channel: str
    epoch: str
    version: int
    after: int
    events: tuple[NumberedEvent, ...]


class MentionHint(msgspec.Struct, frozen=True, kw_only=True):
    """Accounts were addressed in a room, by name: those who are elsewhere are told. Told between nodes, and may be lost."""

    room: str
    channel: str
    names: tuple[str, ...]
    message: bytes
    """The ``Message``, encoded."""
