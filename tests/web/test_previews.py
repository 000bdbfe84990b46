"""What links lead to, asked of a real server on this machine; and that nobody makes this server ask where it must not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from storage.chat.settings import ChatSettings
from storage.clock import SystemClock
from storage.database.tables import chat_room
from storage.model.errors import BadInput, NotFound
from tests.web.conftest import DEMO, Site
from web.previews import previews as module
from web.previews.head import Head, read_head
from web.previews.previews import LARGEST, Previews

PAGE = b"""<!doctype html><html><head><title>Ignored</title>
<meta property="og:title" content="A  title &amp; more"><meta name="description" content="What it
is about"><meta property="og:site_name" content="Somewhere"></head><body><meta property="og:title" content="not this"></body></html>"""


@dataclass
class Server:
    """Answers everything with ``answer`` and counts."""

    port: int = 0
    answer: bytes = b""
    asked: list[str] = field(default_factory=list)
    wait: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head)
            await self.wait.wait()
            writer.write(self.answer)
            await writer.drain()
        writer.close()

    def says(self, body: bytes, kind: str = "text/html", status: str = "200 OK", extra: str = "") -> None:
        self.answer = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode() + body


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    made.wait.set()
    made.says(PAGE)
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as listening:
        made.port = listening.sockets[0].getsockname()[1]
        yield made
        made.wait.set()
        for writer in made.writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@pytest.fixture
def previews() -> Previews:
    return Previews(SystemClock(), private=True)


async def test_a_page_says_what_it_is_in_its_head(server: Server, previews: Previews) -> None:
    found = await previews.of(f"http://127.0.0.1:{server.port}/x")
    assert found == Head("A title & more", "What it is about", "Somewhere")
    assert "cookie" not in server.asked[0].lower()


async def test_many_who_see_a_link_ask_once(server: Server, previews: Previews) -> None:
    server.wait.clear()
    url = f"http://127.0.0.1:{server.port}/x"
    asking = [asyncio.ensure_future(previews.of(url)) for _ in range(20)]
    await asyncio.sleep(0.05)
    server.wait.set()
    assert len({one.title for one in await asyncio.gather(*asking)}) == 1
    await previews.of(url)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("image/png", "200 OK", PAGE),
        ("text/html", "302 Found", PAGE),
        ("text/html", "500 Broken", PAGE),
        ("text/html", "200 OK", b"<p>no head"),
    ],
)
async def test_what_is_no_page_has_no_preview_and_no_redirect_is_followed(
    server: Server, previews: Previews, kind: str, status: str, body: bytes
) -> None:
    server.says(body, kind, status, extra=f"Location: http://127.0.0.1:{server.port}/elsewhere\r\n")
    with pytest.raises(NotFound):
        await previews.of(f"http://127.0.0.1:{server.port}/x")
    assert len(server.asked) == 1


async def test_only_the_beginning_of_a_page_is_read(server: Server, previews: Previews) -> None:
    server.says(PAGE + b"x" * (8 * LARGEST))
    assert (await previews.of(f"http://127.0.0.1:{server.port}/x")).title == "A title & more"
    server.says(b" " * LARGEST + PAGE)
    with pytest.raises(NotFound):
        await previews.of(f"http://127.0.0.1:{server.port}/y")


async def test_a_server_that_hangs_holds_up_nobody_for_long(server: Server, previews: Previews, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.2)
    server.wait.clear()
    async with asyncio.timeout(5):
        with pytest.raises(NotFound):
            await previews.of(f"http://127.0.0.1:{server.port}/x")


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://169.254.169.254/latest"])
async def test_this_machine_and_its_network_are_not_asked(url: str) -> None:
    with pytest.raises((BadInput, NotFound)):
        await Previews(SystemClock(), private=False).of(url)


@pytest.mark.parametrize("url", ["http://example.org/", "ftp://example.org/", "javascript:alert(1)", "https://a@example.org/", "", "x"])
async def test_only_https_is_looked_up(url: str) -> None:
    with pytest.raises(BadInput):
        await Previews(SystemClock(), private=False).of(url)


@given(st.text(max_size=400))
def test_any_page_is_read_without_an_error_and_says_plain_lines(text: str) -> None:
    for page in (text, f"<head><title>{text}</title><meta name=description content='{text}'>"):
        found = read_head(page)
        assert all(line.isprintable() or line == "" for line in (found.title, found.description, found.site))
        assert len(found.title) <= 120


async def test_links_are_looked_up_only_where_the_team_switched_it_on(site: Site) -> None:
    channel = await site.storage.channels.get(DEMO)
    answer = await site.client.get(f"/api/v1/channels/{channel.name}/chat/preview?url=https://127.0.0.1/")
    assert answer.status_code == 403
    await site.storage.chat_log.open(channel.id)
    settings = msgspec.json.encode(ChatSettings(previews=True)).decode()
    async with site.storage.database.transaction() as connection:
        await connection.execute(update(chat_room).where(chat_room.c.channel == channel.id).values(settings=settings))
    answer = await site.client.get(f"/api/v1/channels/{channel.name}/chat/preview?url=https://127.0.0.1/")
    assert answer.status_code == 400
