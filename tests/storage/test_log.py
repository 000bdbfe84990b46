import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from storage import log, secrets
from tests.fixtures.log_scan import secrets_in


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(form: str, *, level: str = "info") -> tuple[io.StringIO, structlog.stdlib.BoundLogger]:
    stream = io.StringIO()
    log.configure(form=form, level=level, stream=stream)
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("test")
    return stream, logger


def test_an_event_is_one_line_of_json() -> None:
    stream, logger = lines("json")
    logger.warning("publisher_left", channel="studio", seconds=1.5, tracks=["audio", "video"])
    event = json.loads(stream.getvalue())
    assert (event["event"], event["level"], event["channel"], event["seconds"], event["tracks"]) == (
        "publisher_left",
        "warning",
        "studio",
        1.5,
        ["audio", "video"],
    )
    assert event["timestamp"].endswith("Z")


def test_an_event_is_one_line_of_text() -> None:
    stream, logger = lines("text")
    logger.info("publisher_left", channel="studio", title="two words")
    assert stream.getvalue().endswith("info    publisher_left channel=studio title='two words'\n")


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_came_from_outside_can_not_forge_a_line_or_colour_one(form: str) -> None:
    stream, logger = lines(form)
    hostile = "x\r\n2026-01-01T00:00:00Z error   forged\x1b[2J\x9b\u2028\x00"
    logger.info("a", **{"user_agent": hostile, hostile: 1})
    logging.getLogger("library").warning("said %s", hostile)
    text = stream.getvalue()
    assert len(text.splitlines()) == 2
    assert not any(character in text for character in "\r\x1b\x9b\u2028\x00")


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_written_however_it_gets_there(form: str) -> None:
    stream, logger = lines(form)
    key = secrets.new_stream_key()
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
    logger.info("a", authorization=f"Bearer {key}", stream_key=key, secret="hunter2secret", note=f"with {key} in it")
    logger.info("b", headers={"Authorization": "hunter2secret", "Cookie": "hunter2secret"}, url=f"http://h/?token={token}")
    logger.info("c", redis_url="redis://fanlight:hunter2secret@bus:6379/0", text="authorization: bearer hunter2secret")
    logging.getLogger("library").warning("connecting to %s", "postgresql://fanlight:hunter2secret@db/x")
    logger.error("d", exc_info=ValueError(f"no such key {key}"))
    text = stream.getvalue()
    for hidden in (key, key[3:], "hunter2secret", token):
        assert hidden not in text
    assert "[redacted]" in text
    assert "ValueError" in text


def test_what_only_looks_like_a_secret_is_written() -> None:
    stream, logger = lines("json")
    logger.info("a", key_digest_present=True, keyframes=3, path="live/studio/video/0.m4s", monkey="x", token="")
    event = json.loads(stream.getvalue())
    assert (event["keyframes"], event["path"], event["monkey"], event["token"]) == (3, "live/studio/video/0.m4s", "x", "")


def test_a_traceback_in_text_is_indented_below_its_event() -> None:
    stream, logger = lines("text")
    logger.error("failed", exc_info=ValueError("two\nlines\x1b[1m"))
    first, *others = stream.getvalue().splitlines()
    assert "failed" in first
    assert others
    assert all(line.startswith("    | ") for line in others)
    assert "\x1b" not in stream.getvalue()


def test_quieter_levels_are_not_written() -> None:
    stream, logger = lines("text", level="warning")
    logger.info("a")
    logging.getLogger("botocore").info("b")
    logger.error("c")
    assert [line.split()[-1] for line in stream.getvalue().splitlines()] == ["c"]


@pytest.mark.parametrize(
    "secret",
    [
        "fl_" + "a2" * 16,
        "flt_" + "a2" * 20,
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0xMjM0.c2lnbmF0dXJlLXNpZ25hdHVyZQ",
        "Authorization: Bearer abcdefghijklmnopqrstuvwx",
        "redis://fanlight:hunter2secret@bus:6379",
        "http://localhost/reset#token=abcdefghijklmnopqrstuvwx",
    ],
    ids=["stream key", "API token", "JWT", "bearer", "address", "link"],
)
def test_the_watch_over_what_is_printed_sees_every_kind_of_secret(secret: str) -> None:
    assert secrets_in(f"2026-11-26 info something {secret} happened")
    assert not secrets_in("2026-11-26 info something fl_ happened at http://localhost:8000/watch/demo#chat token=[redacted]")


def test_the_watch_knows_our_keys_as_they_are_made() -> None:
    assert secrets_in(secrets.new_stream_key())
    assert secrets_in(secrets.new_api_token())
