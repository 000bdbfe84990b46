"""How the rooms see commands: a text that begins with a slash is not written, it is done."""

from dataclasses import dataclass
from typing import Protocol

from storage.access import Granted
from storage.chat.events import Logged, MessageKind
from storage.model.account import Actor


@dataclass(frozen=True, slots=True)
class CommandDone:
    """What came of a command: ``text`` is told to who gave it, ``say`` is written as their message."""

    text: str = ""
    say: str = ""
    kind: MessageKind = MessageKind.TEXT


class Commands(Protocol):
    """Runs commands."""

    async def run(self, actor: Actor, granted: Granted, text: str) -> CommandDone:
        """Do what a text beginning with ``/`` says. Raises a FanlightError; ``COMMAND_UNKNOWN`` where it says nothing known."""

    async def said(self, actor: Actor, granted: Granted, line: Logged) -> None:
        """What a command let be written is written, and stands in the log."""
