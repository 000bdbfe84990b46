"""From a line that begins with ``/`` to what is to be done. Pure."""

import re
from dataclasses import dataclass, replace

from chat.command_table import ALIASES, COMMANDS, Argument, Command, Takes
from chat.durations import parse_duration, spell_duration
from storage.chat.settings import LinkPolicy
from storage.model.channel import Standing
from storage.model.chat import Suspicion
from storage.model.errors import BadInput, ErrorCode, Refused
from storage.model.ids import AccountName, RecordId, account_name

FEWEST_OPTIONS, MOST_OPTIONS = 2, 10
LONGEST_OPTION = 100
LONGEST_QUESTION = 200

_RECORD = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command and what was said to it. What was not said is None or empty.

    ``seconds`` is a time; ``on`` is False where ``off`` was said, True for ``on``, None where neither was.
    """

    command: Command
    account: AccountName | None = None
    message: RecordId | None = None
    seconds: int | None = None
    on: bool | None = None
    links: LinkPolicy | None = None
    suspicion: Suspicion | None = None
    text: str = ""
    options: tuple[str, ...] = ()


def is_command(text: str) -> bool:
    """Whether a text is meant as a command."""
    return text.startswith("/")


def parse_command(text: str, standing: Standing) -> Parsed:
    """Read a line for somebody.

    Raises:
        BadInput: ``COMMAND_UNKNOWN``; there is none of that name, it lacks something or has too much; the detail says what.
        Refused: ``NOT_ALLOWED``; it is not for them.
    """
    name, _, rest = text.removeprefix("/").strip().partition(" ")
    name, *before = ALIASES.get(name.lower(), (name.lower(),))
    command = COMMANDS.get(name)
    if command is None:
        raise BadInput(ErrorCode.COMMAND_UNKNOWN, f"There is no command /{_shown(name)}. /help lists them.")
    if not command.is_for(standing):
        raise Refused(ErrorCode.NOT_ALLOWED, f"/{name} is not for you here.")
    parsed = Parsed(command)
    rest = " ".join([*before, rest]).strip()
    for argument in command.arguments:
        parsed, rest = _take(parsed, argument, rest)
    if rest:
        raise _wrong(command, f"{_shown(rest)!r} is too much")
    return parsed


def _take(parsed: Parsed, argument: Argument, rest: str) -> tuple[Parsed, str]:
    command = parsed.command
    if not rest:
        if argument.optional:
            return parsed, rest
        raise _wrong(command, f"{argument.name} is missing")
    if argument.takes is Takes.TEXT:
        return replace(parsed, text=rest), ""
    if argument.takes is Takes.OPTIONS:
        question, options = _options(command, rest)
        return replace(parsed, text=question, options=options), ""
    word, _, after = rest.partition(" ")
    found = _word(parsed, argument, word)
    if found is not None:
        return found, after.strip()
    # What may be left out may be meant for the next argument.
    if argument.optional and argument is not command.arguments[-1]:
        return parsed, rest
    raise _wrong(command, f"{_shown(word)!r} is no {argument.takes.value}")


def _word(parsed: Parsed, argument: Argument, word: str) -> Parsed | None:
    """The command with that word said to it, or None where it can't be that."""
    lower = word.lower()
    match argument.takes:
        case Takes.ACCOUNT:
            return replace(parsed, account=_account(parsed.command, lower))
        case Takes.MESSAGE:
            return replace(parsed, message=RecordId(lower)) if _RECORD.fullmatch(lower) else None
        case Takes.TIME | Takes.TIME_OR_OFF:
            if argument.takes is Takes.TIME_OR_OFF and lower in {"on", "off"}:
                return replace(parsed, on=lower == "on")
            return _time(parsed, argument, lower)
        case Takes.SWITCH:
            return replace(parsed, on=lower == "on") if lower in {"on", "off"} else None
        case Takes.LINKS:
            return replace(parsed, links=LinkPolicy(lower)) if lower in set(LinkPolicy) else None
        case Takes.SUSPICION:
            known = lower in set(Suspicion) and lower != Suspicion.NONE
            return replace(parsed, suspicion=Suspicion(lower)) if known else None
        case Takes.COLOUR:
            return replace(parsed, text=lower) if _COLOUR.fullmatch(word) else None
        case Takes.COMMAND:
            return replace(parsed, text=lower.removeprefix("/"))
    return None


def _account(command: Command, word: str) -> AccountName:
    try:
        return account_name(word.removeprefix("@").rstrip(",:"))
    except BadInput:
        raise _wrong(command, f"{_shown(word)!r} is no account's name") from None


def _time(parsed: Parsed, argument: Argument, word: str) -> Parsed | None:
    seconds = parse_duration(word, unit=argument.unit)
    if seconds is None or (not argument.unit and word.isdecimal()):
        return None
    least = 0 if argument.takes is Takes.TIME_OR_OFF else 1
    if not least <= seconds <= argument.longest:
        raise _wrong(parsed.command, f"the time is {least}s to {spell_duration(argument.longest)}")
    return replace(parsed, seconds=seconds)


def _options(command: Command, rest: str) -> tuple[str, tuple[str, ...]]:
    question, *options = [" ".join(part.split()) for part in rest.split("|")]
    if not question or len(question) > LONGEST_QUESTION:
        raise _wrong(command, f"a question has 1 to {LONGEST_QUESTION} characters")
    if not FEWEST_OPTIONS <= len(options) <= MOST_OPTIONS:
        raise _wrong(command, f"a poll has {FEWEST_OPTIONS} to {MOST_OPTIONS} options, each behind a |")
    if any(not option or len(option) > LONGEST_OPTION for option in options) or len(set(options)) < len(options):
        raise _wrong(command, f"options differ, and have 1 to {LONGEST_OPTION} characters")
    return question, tuple(options)


def _wrong(command: Command, why: str) -> BadInput:
    return BadInput(ErrorCode.COMMAND_UNKNOWN, f"{why[0].upper()}{why[1:]}: {command.usage}")


def _shown(word: str) -> str:
    return word if len(word) <= 30 else f"{word[:30]}…"
