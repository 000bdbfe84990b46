"""Emotes and polls of a channel's chat. Times are Unix milliseconds of the server's clock."""

import msgspec


class Emote(msgspec.Struct, frozen=True, kw_only=True):
    """A small picture that ``:name:`` stands for. ``picture`` is a path on this server."""

    name: str
    picture: str


class Emotes(msgspec.Struct, frozen=True, kw_only=True):
    """All of a channel's, by name."""

    emotes: tuple[Emote, ...]


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
