"""Who a socket is, how long it may be that, how many there may be, and what becomes of those that do not read."""

import asyncio
import json
import time
from typing import Any

import pytest
from sqlalchemy import update

from chat.outbox import MOST_WAITING
from chat.protocol import Close, Join, Send
from chat.server import SocketLimits
from chat.tickets import issue
from storage.bus.redis import Bus
from storage.clock import SystemClock
from storage.database.tables import account as accounts
from storage.model.account import AccountRole, AccountState, Actor, Scope
from storage.model.session import SessionEnd, SessionKind
from storage.model.token import TokenType
from storage.tokens import Tokens
from tests.chat.conftest import LIMITS, Echo, Node
from tests.chat.raw import HELLO, Client, said
from tests.fixtures.valkey import Valkey
from tests.storage.hand_clock import HandClock

JOIN = said(type="join", id="j", room="main")
AWAY = pytest.mark.parametrize("away", [False, True], ids=["with the bus", "without the bus"])


async def refused(node: Node, ticket: str) -> int:
    async with await Client.ask(node.port) as client:
        client.send(said(type="hello", version=1, ticket=ticket))
        return await client.closed()


async def in_time(client: Client, code: Close, seconds: float = 5) -> None:
    began = time.monotonic()
    assert await client.closed() == code
    assert time.monotonic() - began < seconds


async def test_a_ticket_opens_one_socket(node: Node) -> None:
    ticket = await node.ticket(await node.account())

    async with await Client.ask(node.port) as client:
        client.send(said(type="hello", version=1, ticket=ticket))
        welcome = await client.told()
        assert welcome["account"] == {"name": "ada", "shown": "Ada", "colour": "#336699"}
        assert abs(welcome["now"] - time.time() * 1000) < 5000
        assert await refused(node, ticket) == Close.TICKET


async def test_a_ticket_opens_one_socket_also_while_the_bus_is_away(node: Node, valkey: Valkey) -> None:
    ticket = await node.ticket(await node.account())
    valkey.kill()

    async with await Client.greeted(node.port, ticket):
        assert await refused(node, ticket) == Close.TICKET


async def test_a_ticket_that_was_used_at_another_node_opens_nothing(node: Node, valkey: Valkey) -> None:
    ticket = await node.ticket(await node.account())
    identifier = node.storage.tokens.read(TokenType.SOCKET, ticket).id
    other = Bus(valkey.url, SystemClock())
    assert await other.use_tickets([identifier], ttl=60) == {identifier: True}
    await other.close()

    assert await refused(node, ticket) == Close.TICKET


@pytest.mark.parametrize("ticket", ["x", "x" * 2048, "eyJhbGciOiJub25lIn0.e30.", "é"])
async def test_what_is_no_ticket_opens_nothing(node: Node, ticket: str) -> None:
    assert await refused(node, ticket) == Close.TICKET


async def test_a_ticket_that_is_over_or_whose_session_is_over_opens_nothing(node: Node) -> None:
    ada = await node.account()
    over = await node.ticket(ada)
    for session in await node.storage.sessions.list(ada.id):
        await node.storage.sessions.end(session.id, SessionEnd.SIGNED_OUT, account=ada.id)
    assert await refused(node, over) == Close.TICKET

    past = Tokens(node.storage.keys, HandClock(time.time() - 61))
    session, _ = await node.storage.sessions.start(ada, SessionKind.BROWSER, user_agent="", address="")
    assert await refused(node, past.issue(TokenType.SOCKET, ada.id, 30, bond="session", of=session.id)) == Close.TICKET
    fresh = Tokens(node.storage.keys, HandClock(time.time()))
    other = await node.account("eve")
    assert await refused(node, fresh.issue(TokenType.SOCKET, other.id, 30, bond="session", of=session.id)) == Close.TICKET
    assert await refused(node, fresh.issue(TokenType.ACCESS, ada.id, 30, bond="session", of=session.id)) == Close.TICKET
    assert await refused(node, fresh.issue(TokenType.SOCKET, ada.id, 30, bond="cookie", of=session.id)) == Close.TICKET
    assert await refused(node, fresh.issue(TokenType.SOCKET, ada.id, 30)) == Close.TICKET


@AWAY
async def test_a_session_that_ends_ends_its_sockets_and_no_others(node: Node, valkey: Valkey, away: bool) -> None:
    ada = await node.account()
    mine, other = await Client.greeted(node.port, await node.ticket(ada)), await Client.greeted(node.port, await node.ticket(ada))
    stranger = await Client.greeted(node.port)
    first = (await node.storage.sessions.list(ada.id))[-1]
    if away:
        valkey.kill()

    await node.storage.sessions.end(first.id, SessionEnd.REVOKED, account=ada.id)

    await in_time(mine, Close.SIGNED_OUT)
    for client in (other, stranger):
        client.send(said(type="ping"))
        assert (await client.told())["type"] == "pong"
        await client.leave()
    await mine.leave()


@AWAY
async def test_an_account_that_is_banned_has_no_sockets(node: Node, valkey: Valkey, away: bool) -> None:
    ada = await node.account()
    client = await Client.greeted(node.port, await node.ticket(ada))
    if away:
        valkey.kill()

    async with node.storage.database.transaction() as connection:
        await connection.execute(update(accounts).where(accounts.c.id == ada.id).values(state=AccountState.BANNED))

    await in_time(client, Close.SIGNED_OUT)
    await client.leave()


@AWAY
async def test_an_account_that_is_deleted_has_no_sockets(node: Node, valkey: Valkey, away: bool) -> None:
    ada, grace = await node.account(), await node.account("grace")
    mine = [await Client.greeted(node.port, await node.ticket(ada)) for _ in range(2)]
    other = await Client.greeted(node.port, await node.ticket(grace))
    if away:
        valkey.kill()

    await node.storage.accounts.delete(ada.id)

    for client in mine:
        await in_time(client, Close.SIGNED_OUT)
        await client.leave()
    other.send(said(type="ping"))
    assert (await other.told())["type"] == "pong"
    await other.leave()


async def test_an_account_that_changes_is_known_by_its_sockets_at_once_by_a_hint(node: Node) -> None:
    ada = await node.account()
    async with await Client.greeted(node.port, await node.ticket(ada)) as client:
        async with node.storage.database.transaction() as connection:
            changed = update(accounts).where(accounts.c.id == ada.id)
            await connection.execute(changed.values(role=AccountRole.OPERATOR, display_name="Ada L."))
        await node.storage.bus.revoke(ada.id)

        async with asyncio.timeout(5):
            while not node.frames.changes:
                await asyncio.sleep(0.02)
        (socket,) = node.frames.changes
        assert socket.actor.is_operator
        assert socket.actor.account is not None
        assert socket.actor.account.display_name == "Ada L."
        assert socket.actor.address == "127.0.0.1"
        client.send(said(type="ping"))
        assert (await client.told())["type"] == "pong"


async def test_an_api_token_opens_sockets_with_its_scopes_until_it_is_revoked(node: Node) -> None:
    ada = await node.account()
    made, plain = await node.storage.api_tokens.create(ada.id, "bot", frozenset({Scope.CHAT}))
    found = await node.storage.api_tokens.verify(plain)
    assert found is not None
    ticket = issue(node.storage, Actor(found[1], scopes=found[2], token=found[0]))

    async with await Client.greeted(node.port, ticket) as client:
        client.send(JOIN)
        assert (await client.told())["id"] == "j"
        assert node.frames.room[0].actor == Actor(ada, scopes=frozenset({Scope.CHAT}), address="127.0.0.1", token=made.id)
        await node.storage.api_tokens.revoke(ada.id, made.id)
        await in_time(client, Close.SIGNED_OUT)


@pytest.mark.parametrize("limits", [SocketLimits(node=4, address=2, account=3)])
async def test_one_address_has_so_many_sockets(node: Node) -> None:
    first, second = await Client.greeted(node.port), await Client.greeted(node.port)

    async with await Client.ask(node.port) as third:
        bye = await third.told()
        assert (bye["type"], bye["code"]) == ("bye", Close.POLICY)
        assert bye["retry_after"] > 0
        assert await third.closed() == Close.POLICY
    async with await Client.greeted(node.port, source="127.0.0.2"):
        pass
    await first.leave()
    await asyncio.sleep(0.1)
    async with await Client.greeted(node.port):
        pass
    await second.leave()


@pytest.mark.parametrize("limits", [SocketLimits(node=2, address=5, account=3)])
async def test_a_full_node_says_so(node: Node) -> None:
    clients = [await Client.greeted(node.port) for _ in range(2)]

    async with await Client.ask(node.port) as third:
        assert await third.closed() == Close.FULL
    for client in clients:
        await client.leave()
    await node.empty()
    await node.works()


async def test_one_account_has_so_many_sockets(node: Node) -> None:
    ada = await node.account()
    clients = [await Client.greeted(node.port, await node.ticket(ada)) for _ in range(LIMITS.account)]

    assert await refused(node, await node.ticket(ada)) == Close.POLICY
    await clients.pop().leave()
    await asyncio.sleep(0.1)
    async with await Client.greeted(node.port, await node.ticket(ada)):
        pass
    for client in clients:
        await client.leave()
    await node.empty()
    assert not node.server._of
    assert not node.server._at


@pytest.mark.parametrize("limits", [SocketLimits(node=10, address=10, account=3, strangers=False)])
async def test_strangers_may_be_kept_out(node: Node) -> None:
    assert await refused(node, "") == Close.TICKET
    async with await Client.greeted(node.port, await node.ticket(await node.account())):
        pass


async def test_a_client_that_never_reads_is_closed_and_others_notice_nothing(node: Node) -> None:
    stalled = await Client.greeted(node.port, receive_buffer=4096)
    stalled.stall()
    honest = await Client.greeted(node.port)
    for client in (stalled, honest):
        client.send(JOIN)
    async with asyncio.timeout(5):
        while len(node.frames.room) < 2:
            await asyncio.sleep(0.01)
    assert (await honest.told())["type"] == "done"
    payload = json.dumps({"type": "presence", "filler": "x" * 4000}).encode()
    sent = 0
    async with asyncio.timeout(10):
        while len(node.frames.room) == 2:
            node.frames.say(payload)
            sent += 1
            assert (await honest.told())["type"] == "presence"
    assert sent * 4000 < MOST_WAITING + (1 << 20)
    await node.works()
    for client in (stalled, honest):
        await client.leave()
    await node.empty()


async def test_a_client_that_reads_nothing_for_five_seconds_is_closed_however_little_waits(node: Node) -> None:
    stalled = await Client.greeted(node.port, receive_buffer=4096)
    stalled.stall()
    stalled.send(JOIN)
    payload = json.dumps({"type": "presence", "filler": "x" * 4000}).encode()
    async with asyncio.timeout(5):
        while not node.frames.room:
            await asyncio.sleep(0.01)
    (socket,) = node.frames.room
    for _ in range(40):
        node.frames.say(payload)
        await asyncio.sleep(0)
    assert socket in node.frames.room

    await node.empty(9)
    assert node.frames.left == [socket]
    await stalled.leave()


async def test_requests_are_done_one_at_a_time_in_order(node: Node) -> None:
    class Slow(Echo):
        running = 0

        async def received(self, socket: Any, frame: Any) -> None:
            assert self.running == 0
            self.running += 1
            await asyncio.sleep(0.01)
            self.running -= 1
            await super().received(socket, frame)

    node.server.frames = frames = Slow()
    async with await Client.ask(node.port) as client:
        client.send(HELLO, JOIN, *(said(type="send", id=str(n), room="main", text="x") for n in range(20)))
        assert (await client.told())["type"] == "welcome"
        assert [(await client.told())["id"] for _ in range(21)] == ["j", *map(str, range(20))]
    assert isinstance(frames.seen[0], Join)
    assert all(isinstance(frame, Send) for frame in frames.seen[1:])


async def test_the_rooms_hear_of_the_end_after_the_last_request_and_once(node: Node) -> None:
    class Slow(Echo):
        async def received(self, socket: Any, frame: Any) -> None:
            await asyncio.sleep(0.2)
            assert not self.left
            await super().received(socket, frame)

    node.server.frames = frames = Slow()
    client = await Client.greeted(node.port)
    client.send(JOIN, said(type="leave", id="l", room="main"))
    await asyncio.sleep(0.05)
    await client.leave()
    await asyncio.sleep(0.5)

    assert len(frames.seen) == 1
    assert len(frames.left) == 1
    assert frames.room == []


async def test_a_defect_in_a_request_is_told_as_one_and_the_socket_lives(node: Node) -> None:
    class Broken(Echo):
        async def received(self, socket: Any, frame: Any) -> None:
            if isinstance(frame, Send):
                raise ZeroDivisionError
            await super().received(socket, frame)

    node.server.frames = Broken()
    async with await Client.greeted(node.port) as client:
        client.send(said(type="send", id="s", room="main", text="x"), JOIN)
        told = await client.told()
        assert (told["type"], told["id"], told["code"]) == ("refused", "s", "internal")
        assert (await client.told())["type"] == "done"


async def test_a_request_that_takes_too_long_is_refused_and_the_next_is_done(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stuck(Echo):
        async def received(self, socket: Any, frame: Any) -> None:
            if isinstance(frame, Send):
                await asyncio.Event().wait()
            await super().received(socket, frame)

    monkeypatch.setattr("chat.socket.REQUEST_SECONDS", 0.5)
    node.server.frames = Stuck()
    async with await Client.greeted(node.port) as client:
        for number in range(2):
            client.send(said(type="send", id=f"s{number}", room="main", text="x"), JOIN)
            told = await client.told()
            assert (told["type"], told["id"], told["code"]) == ("refused", f"s{number}", "server_busy")
            assert (await client.told())["type"] == "done"


async def test_a_node_stops_while_a_request_is_stuck(node: Node) -> None:
    class Stuck(Echo):
        async def received(self, socket: Any, frame: Any) -> None:
            del socket
            self.seen.append(frame)
            await asyncio.Event().wait()

    node.server.frames = frames = Stuck()
    async with await Client.greeted(node.port) as client:
        client.send(JOIN)
        async with asyncio.timeout(5):
            while not frames.seen:
                await asyncio.sleep(0.01)
        await node.server.drain()

        assert await client.closed() == Close.RESTART


async def test_a_request_of_a_client_that_is_gone_ends_too(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stuck(Echo):
        async def received(self, socket: Any, frame: Any) -> None:
            del socket
            self.seen.append(frame)
            await asyncio.Event().wait()

    monkeypatch.setattr("chat.socket.REQUEST_SECONDS", 0.5)
    node.server.frames = frames = Stuck()
    client = await Client.greeted(node.port)
    client.send(JOIN)
    async with asyncio.timeout(5):
        while not frames.seen:
            await asyncio.sleep(0.01)
        await client.leave()
        while not frames.left:
            await asyncio.sleep(0.05)
    assert len(frames.seen) == 1
