"""Times as people type them: ``90``, ``10s``, ``5m``, ``2h``, ``1d``, ``2w``, ``1h30m``. Pure."""

import re

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(?:(\d{1,7})|((?:\d{1,7}[smhdw])+))", re.ASCII)
_PART = re.compile(r"(\d+)([smhdw])", re.ASCII)


def parse_duration(text: str, *, unit: int = 1) -> int | None:
    """Seconds; None where it is no time. A number alone counts in ``unit`` seconds."""
    match = _DURATION.fullmatch(text.lower())
    if match is None:
        return None
    if match[1]:
        return int(match[1]) * unit
    return sum(int(count) * _UNITS[letter] for count, letter in _PART.findall(match[2]))


def spell_duration(seconds: int) -> str:
    """The shortest way to type it: ``1h30m``."""
    parts = []
    for letter, size in sorted(_UNITS.items(), key=lambda unit: -unit[1]):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{letter}")
    return "".join(parts) or "0s"
