"""Logs: one event per edge of a life, as a line of text or of JSON on standard error. Nothing that came from outside can forge a line."""

import logging
import re
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_SECRET_NAMES = re.compile(r"(?i)secret|password|passwd|token|authorization|cookie|credential|(?:^|_)(?:key|pwd)$")
_SECRETS = re.compile(
    r"\bfl_[A-Za-z0-9_-]{8,}"  # stream keys
    r"|(?i:(?<=bearer )[^\s'\",;]+)"
    r"|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"  # signed tokens
    r"|(?<=://)[^/\s@'\"]+(?=@)"  # user and password of a URL
    r"|(?<=ice-pwd:)\S+"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_REDACTED = "[redacted]"


def redact(text: str) -> str:
    """The text without anything that looks like a secret of ours."""
    return _SECRETS.sub(_REDACTED, text)


def escape(text: str) -> str:
    r"""The text with line ends, escapes and other control characters written out (``\r``, ``\x1b``)."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def configure(*, level: str = "info", form: str = "text", stream: TextIO | None = None) -> None:
    """Set up structlog and the standard library's logging for this process. ``form`` is ``text`` or ``json``."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _clean,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=True) if form == "json" else _text
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS.get(level.lower(), logging.INFO))
    for chatty in ("botocore", "boto3", "urllib3", "s3transfer", "asyncio", "aiosqlite", "alembic", "sqlalchemy", "hypercorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _clean(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: _REDACTED if _SECRET_NAMES.search(name) and value else _value(value, 0) for name, value in event.items()}


def _value(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth < 3 and isinstance(value, dict):
        return {str(name): _REDACTED if _SECRET_NAMES.search(str(name)) else _value(item, depth + 1) for name, item in value.items()}
    if depth < 3 and isinstance(value, list | tuple | set | frozenset):
        return [_value(item, depth + 1) for item in value]
    return redact(str(value))


def _text(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    time, level, what = event.pop("timestamp", ""), event.pop("level", ""), event.pop("event", "")
    trace = event.pop("exception", "")
    words = [escape(f"{time} {level:<7} {what}"), *(f"{escape(name)}={_word(value)}" for name, value in event.items())]
    lines = [" ".join(words), *(f"    | {escape(line)}" for line in str(trace).split("\n") if trace)]
    return "\n".join(lines)


def _word(value: object) -> str:
    text = escape(str(value))
    return repr(text) if not text or " " in text or "=" in text else text
