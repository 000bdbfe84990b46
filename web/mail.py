"""Mail on its way out: a bounded queue, one connection at a time, a few tries. Whoever asked for a mail never waits for it."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from storage.clock import Clock
from storage.model.errors import ErrorCode, FanlightError, Unavailable
from storage.settings import Settings
from web.metrics import MAILS

WAITING = 200
"""Mails that may wait; a mail server that is away for long must not fill the memory."""
DEADLINE = 20.0
"""Seconds one try may take."""
PAUSES = (5.0, 30.0)
"""Seconds between the tries."""

_log = structlog.get_logger("web")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, in plain text. ``text`` may hold a secret link: nothing logs it."""

    to: str
    subject: str
    text: str


Writes = Callable[[], Awaitable[Mail | None]]
"""Makes a mail when its turn comes, or finds that there is none to send. Raises :class:`FanlightError`."""


class Outbox:
    """Where mails wait. Lost with the process: whoever waits for one asks again."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._from = settings.mail_from
        self._server = _server(settings.smtp_url) if settings.smtp_url else None
        self._waiting: asyncio.Queue[Writes] = asyncio.Queue(WAITING)

    @property
    def is_open(self) -> bool:
        """Whether this instance sends mail at all."""
        return self._server is not None

    def post(self, write: Writes) -> None:
        """Have a mail written and sent soon. Raises ``Unavailable(SERVER_BUSY)`` when too many wait already."""
        try:
            self._waiting.put_nowait(write)
        except asyncio.QueueFull:
            raise Unavailable(ErrorCode.SERVER_BUSY, "Too much mail waits to be sent.", retry_after=60) from None

    async def run(self) -> None:
        """Send what waits, for ever."""
        task = asyncio.current_task()
        while True:
            write = await self._waiting.get()
            try:
                mail = await write()
                if mail is not None:
                    await self._send(mail)
            except FanlightError as error:
                MAILS.labels("unwritten").inc()
                _log.warning("mail_not_written", code=error.code)
            # aiosmtplib uses asyncio.wait_for, which on Python 3.11 loses a cancellation that comes together with an answer.
            if task is not None and task.cancelling():
                raise asyncio.CancelledError

    async def _send(self, mail: Mail) -> None:
        for pause in (*PAUSES, None):
            try:
                async with asyncio.timeout(DEADLINE):
                    await self._deliver(mail)
            except (aiosmtplib.SMTPException, OSError, ValueError) as error:
                _log.warning("mail_not_sent", reason=type(error).__name__, tried_again=pause is not None)
                if pause is None or _is_final(error):
                    MAILS.labels("failed").inc()
                    return
                await self._clock.sleep(pause)
            else:
                MAILS.labels("sent").inc()
                return

    async def _deliver(self, mail: Mail) -> None:
        assert self._server is not None
        message = EmailMessage()
        message["From"] = self._from
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = formatdate(self._clock.unix_ns() / 1e9)
        message["Message-ID"] = make_msgid(domain=parseaddr(self._from)[1].rpartition("@")[2])
        # RFC 3834 section 5: nobody's holiday answers this.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        server = self._server
        # A password goes over TLS only; without one TLS is used where it is offered.
        start_tls = False if server.tls else (True if server.user and not server.is_local else None)
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=server.tls,
            start_tls=start_tls,
            validate_certs=not server.is_local,
            timeout=DEADLINE,
        )
        try:
            await client.connect()
            await client.send_message(message)
            # The mail is theirs now: what goes wrong after that must not send it twice.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
        finally:
            client.close()


@dataclass(frozen=True, slots=True)
class _Server:
    host: str
    port: int
    tls: bool
    user: str
    password: str

    @property
    def is_local(self) -> bool:
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def _server(url: str) -> _Server:
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return _Server(parts.hostname or "", parts.port or (465 if tls else 587), tls, user, password)


def _is_final(error: Exception) -> bool:
    """RFC 5321 section 4.2.1: a 5yz answer stays the same however often one asks."""
    return isinstance(error, aiosmtplib.SMTPResponseException) and 500 <= error.code < 600
