import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from storage.clock import SystemClock
from storage.model.errors import ErrorCode, NotFound, Unavailable
from storage.settings import Settings
from tests.fixtures.mail import MailServer
from web.mail import PAUSES, WAITING, Mail, Outbox, Writes


class QuickClock(SystemClock):
    """Pauses are noted, not waited for."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def _settings(url: str) -> Settings:
    return Settings(smtp_url=url, mail_from="Fanlight <live@example.org>", public_url="https://live.example.org")


@asynccontextmanager
async def _running(outbox: Outbox) -> AsyncIterator[Outbox]:
    task = asyncio.ensure_future(outbox.run())
    yield outbox
    task.cancel()
    await asyncio.wait({task})


def _writes(text: str) -> Writes:
    async def write() -> Mail:
        return Mail("ada@example.org", "A subject", text)

    return write


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_mail_arrives_as_it_was_written(mail_server: MailServer) -> None:
    async with _running(Outbox(_settings(mail_server.url), SystemClock())) as outbox:
        outbox.post(_writes("Grüße 🎬\nhttps://live.example.org/reset#token=x\n"))
        letter = await mail_server.letter()
    assert letter.get_content().splitlines() == ["Grüße 🎬", "https://live.example.org/reset#token=x"]
    assert (letter["To"], letter["From"], letter["Subject"]) == ("ada@example.org", "Fanlight <live@example.org>", "A subject")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@example.org>")


async def test_a_server_that_is_busy_is_asked_again_and_a_final_no_is_taken(mail_server: MailServer) -> None:
    clock = QuickClock()
    mail_server.answers += ["451 not now", "451 not now"]
    async with _running(Outbox(_settings(mail_server.url), clock)) as outbox:
        outbox.post(_writes("first"))
        await mail_server.letter()
        assert clock.pauses == list(PAUSES)
        mail_server.answers += ["550 never", "250 swallowed"]
        outbox.post(_writes("second"))
        outbox.post(_writes("third"))
        outbox.post(_writes("fourth"))
        assert (await mail_server.letter(2)).get_content().strip() == "fourth"
        assert clock.pauses == list(PAUSES)


async def test_a_server_that_is_away_costs_the_mail_and_not_the_next_one(mail_server: MailServer) -> None:
    clock = QuickClock()
    await mail_server.stop()
    async with _running(Outbox(_settings(mail_server.url), clock)) as outbox:
        outbox.post(_writes("lost"))
        await _until(lambda: len(clock.pauses) == len(PAUSES))
        await asyncio.sleep(0.2)
        await mail_server.start()
        outbox.post(_writes("here"))
        assert (await mail_server.letter()).get_content().strip() == "here"


async def test_a_mail_that_can_not_be_written_holds_up_nobody(mail_server: MailServer) -> None:
    async def nothing() -> None:
        return None

    async def refused() -> None:
        raise NotFound(ErrorCode.NOT_FOUND, "x")

    async with _running(Outbox(_settings(mail_server.url), SystemClock())) as outbox:
        for write in (nothing, refused, _writes("here")):
            outbox.post(write)
        await mail_server.letter()
    assert len(mail_server.letters) == 1


async def test_the_queue_is_bounded() -> None:
    outbox = Outbox(_settings("smtp://127.0.0.1:1"), SystemClock())
    for _ in range(WAITING):
        outbox.post(_writes("x"))
    with pytest.raises(Unavailable) as raised:
        outbox.post(_writes("x"))
    assert raised.value.code == ErrorCode.SERVER_BUSY


async def test_a_password_is_shown_to_a_server_that_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    server = MailServer(password="s3cr3t")
    await server.start()
    try:
        async with _running(Outbox(_settings(server.url), QuickClock())) as outbox:
            outbox.post(_writes("x"))
            await server.letter()
        server.letters.clear()
        # A server elsewhere gets no password without TLS.
        monkeypatch.setattr("web.mail._Server.is_local", False)
        clock = QuickClock()
        async with _running(Outbox(_settings(server.url), clock)) as outbox:
            outbox.post(_writes("x"))
            await _until(lambda: len(clock.pauses) == len(PAUSES))
        assert server.letters == []
    finally:
        await server.stop()


def test_without_a_server_there_is_no_mail() -> None:
    assert not Outbox(Settings(), SystemClock()).is_open
