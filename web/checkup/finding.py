"""What a check has found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was looked at, what it means, and what to do unless all is well."""

    level: Level
    subject: str
    meaning: str
    advice: str = ""


def ok(subject: str, meaning: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, subject, meaning)


def warn(subject: str, meaning: str, advice: str) -> Finding:
    """Works, but not as well as it could."""
    return Finding(Level.WARN, subject, meaning, advice)


def fail(subject: str, meaning: str, advice: str) -> Finding:
    """Does not work."""
    return Finding(Level.FAIL, subject, meaning, advice)
