"""Commands, emotes and polls of a channel's chat. Times are Unix milliseconds of the server's clock."""

import msgspec

from storage.chat.events import Message


class ChatCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command: ``/name`` and what follows it, ``[optional]``."""

    name: str
    usage: str
    summary: str


class ChatCommands(msgspec.Struct, frozen=True, kw_only=True):
    """In the order they are offered."""

    commands: tuple[ChatCommand, ...]


class Emote(msgspec.Struct, frozen=True, kw_only=True):
    """A small picture that ``:name:`` stands for. ``picture`` is a path on this server."""

    name: str
    picture: str


class Emotes(msgspec.Struct, frozen=True, kw_only=True):
    """All of a channel's, by name."""

    emotes: tuple[Emote, ...]


class NewAnnouncement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a channel's team says to everybody, as long as a message."""

    text: str


class PollAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question with 2 to 10 options that runs for 15 seconds to a day."""

    question: str
    options: tuple[str, ...]
    seconds: int = 120


class PollState(msgspec.Struct, frozen=True, kw_only=True):
    """How a poll stands: ``votes`` are per option."""

    id: str
    question: str
    options: tuple[str, ...]
    votes: tuple[int, ...]
    ends_ms: int
    closed: bool


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message with the number of its event in the room."""

    seq: int
    message: Message


class MessageSearch(msgspec.Struct, frozen=True, kw_only=True):
    """``text`` is what the messages hold, in any case; ``author`` an account's name. Left out, it does not matter."""

    text: str = ""
    author: str = ""


class ReplayFrom(msgspec.Struct, frozen=True, kw_only=True):
    """``after_ms`` is a capture time in Unix milliseconds."""

    after_ms: int = 0


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """An address that begins with ``https://``."""

    url: str


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says of itself; plain text, empty where it does not say."""

    title: str
    description: str
    site: str
