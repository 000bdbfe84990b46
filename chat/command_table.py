"""The commands of a room, as a table: what each takes, what it does, who sees and may use it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from storage.chat.settings import LONGEST_DELAY, LONGEST_FOLLOWED, LONGEST_SLOW
from storage.model.channel import Standing
from storage.model.chat import LONGEST_TIMEOUT, ModerationAction, may


class Takes(StrEnum):
    """What an argument is."""

    ACCOUNT = "account"
    MESSAGE = "message"
    """The id of a message; the interface fills it in."""
    TIME = "time"
    TIME_OR_OFF = "time or off"
    SWITCH = "on or off"
    LINKS = "link policy"
    SUSPICION = "monitored or restricted"
    COLOUR = "colour"
    COMMAND = "command"
    TEXT = "text"
    """The rest of the line."""
    OPTIONS = "question | option | option"
    """The rest of the line, parted by ``|``."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One of a command's. ``unit`` is what a number alone counts, 0 where it is no time; in seconds, as ``longest``."""

    name: str
    takes: Takes
    optional: bool = False
    unit: int = 1
    longest: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """``action`` is what one must be allowed to do to use or see it; without one it is everybody's who writes here."""

    name: str
    summary: str
    arguments: tuple[Argument, ...] = ()
    action: ModerationAction | None = None

    @property
    def usage(self) -> str:
        """``/timeout account [time] [reason]``."""
        return " ".join([f"/{self.name}", *(f"[{one.name}]" if one.optional else one.name for one in self.arguments)])

    def is_for(self, standing: Standing) -> bool:
        """Whether somebody sees it and may use it."""
        return standing.signed_in and (self.action is None or may(standing, self.action))


_ACCOUNT = Argument("account", Takes.ACCOUNT)
_MESSAGE = Argument("message", Takes.MESSAGE)
_TEXT = Argument("text", Takes.TEXT)
_REASON = Argument("reason", Takes.TEXT, optional=True)
_SWITCH = Argument("on|off", Takes.SWITCH, optional=True)
_TIMEOUT = int(LONGEST_TIMEOUT.total_seconds())
_LINKS = Argument("everybody|regulars|moderators|nobody", Takes.LINKS)
_YEAR = 366 * 86_400


def _switch(name: str, summary: str, action: ModerationAction = ModerationAction.SETTINGS) -> Command:
    return Command(name, summary, (_SWITCH,), action)


def _on_account(name: str, summary: str, action: ModerationAction, *more: Argument) -> Command:
    return Command(name, summary, (_ACCOUNT, *more), action)


_ALL = (
    Command("help", "List the commands, or say what one does.", (Argument("command", Takes.COMMAND, optional=True),)),
    Command("me", "Say something in the third person.", (_TEXT,)),
    Command("color", "Choose the colour of your name.", (Argument("colour", Takes.COLOUR),)),
    Command("mods", "List the moderators."),
    Command("vips", "List the VIPs."),
    _on_account(
        "timeout",
        "Keep an account from writing for a while (10 minutes unless said).",
        ModerationAction.TIMEOUT,
        Argument("time", Takes.TIME, optional=True, longest=_TIMEOUT),
        _REASON,
    ),
    _on_account("untimeout", "End a timeout.", ModerationAction.UNTIMEOUT),
    _on_account(
        "ban",
        "Ban an account, for ever unless a time is said.",
        ModerationAction.BAN,
        Argument("time", Takes.TIME, optional=True, unit=0, longest=_YEAR),
        _REASON,
    ),
    _on_account("unban", "Lift a ban.", ModerationAction.UNBAN),
    _on_account(
        "warn", "Warn an account; it writes again once it says that it read that.", ModerationAction.WARN, Argument("reason", Takes.TEXT)
    ),
    Command("delete", "Delete a message.", (_MESSAGE, _REASON), ModerationAction.DELETE),
    _on_account("purge", "Delete everything an account wrote here.", ModerationAction.PURGE),
    Command("clear", "Clear the chat.", (), ModerationAction.CLEAR),
    Command(
        "slow",
        "Let time pass between two messages of one account (30 seconds unless said).",
        (Argument("time|off", Takes.TIME_OR_OFF, optional=True, longest=LONGEST_SLOW),),
        ModerationAction.SETTINGS,
    ),
    Command(
        "followers",
        "Let only followers write, of so long (any unless said).",
        (Argument("time|off", Takes.TIME_OR_OFF, optional=True, unit=60, longest=LONGEST_FOLLOWED * 60),),
        ModerationAction.SETTINGS,
    ),
    _switch("verified", "Let only accounts with a proven e-mail address write."),
    _switch("emoteonly", "Take emotes only."),
    _switch("unique", "Take nothing that was just said."),
    _switch("members", "Let only accounts with a role in the channel write."),
    _switch("readonly", "Let only the team write."),
    Command(
        "delay",
        "Let the team see messages before everybody else does (2 seconds unless said).",
        (Argument("time|off", Takes.TIME_OR_OFF, optional=True, longest=LONGEST_DELAY),),
        ModerationAction.SETTINGS,
    ),
    _switch("shield", "Raise or lower the shield.", ModerationAction.SHIELD),
    Command("links", "Say whose links are taken.", (_LINKS,), ModerationAction.SETTINGS),
    Command("pin", "Pin a message.", (_MESSAGE,), ModerationAction.PIN),
    Command("unpin", "Take the pinned message down.", (), ModerationAction.UNPIN),
    Command("announce", "Say something to everybody, set off from the rest.", (_TEXT,), ModerationAction.ANNOUNCE),
    Command(
        "poll",
        "Ask a question (open for two minutes unless said).",
        (
            Argument("time", Takes.TIME, optional=True, longest=86_400),
            Argument("question | option | option", Takes.OPTIONS),
        ),
        ModerationAction.OPEN_POLL,
    ),
    Command("endpoll", "Close the poll.", (), ModerationAction.CLOSE_POLL),
    _on_account("note", "Keep a note on an account for the team.", ModerationAction.NOTE, _TEXT),
    _on_account(
        "suspect",
        "Watch an account: its messages are marked, or held.",
        ModerationAction.SUSPECT,
        Argument("monitored|restricted", Takes.SUSPICION, optional=True),
        _REASON,
    ),
    _on_account("unsuspect", "Watch an account no longer.", ModerationAction.UNSUSPECT),
    Command("block-term", "Refuse messages with a term.", (_TEXT,), ModerationAction.ADD_TERM),
    Command("hold-term", "Hold messages with a term.", (_TEXT,), ModerationAction.ADD_TERM),
    Command("permit-term", "Take a term whatever else is blocked.", (_TEXT,), ModerationAction.ADD_TERM),
    _on_account("vip", "Make an account a VIP.", ModerationAction.MAKE_VIP),
    _on_account("unvip", "Take that back.", ModerationAction.UNMAKE_VIP),
    _on_account("mod", "Make an account a moderator.", ModerationAction.MAKE_MODERATOR),
    _on_account("unmod", "Take that back.", ModerationAction.UNMAKE_MODERATOR),
)

COMMANDS: Mapping[str, Command] = MappingProxyType({command.name: command for command in _ALL})

# What people type by habit.
ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "slowoff": ("slow", "off"),
        "followersoff": ("followers", "off"),
        "emoteonlyoff": ("emoteonly", "off"),
        "uniquechat": ("unique",),
        "uniquechatoff": ("unique", "off"),
        "shieldoff": ("shield", "off"),
        "mute": ("timeout",),
        "unmute": ("untimeout",),
        "colour": ("color",),
        "announcement": ("announce",),
    }
)


def commands_for(standing: Standing) -> tuple[Command, ...]:
    """What somebody may use here, in the table's order; what completion offers."""
    return tuple(command for command in _ALL if command.is_for(standing))
