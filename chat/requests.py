"""What sockets ask of the rooms they are in: write, change, take back, react, vote, acknowledge, look back."""

import asyncio
from collections.abc import Awaitable, Callable

from chat import limits
from chat.command import Commands
from chat.emoji import is_only_emotes
from chat.entrance import Entrance
from chat.on_air import OnAir
from chat.participants import rank_of, writer_of
from chat.polls import Polls
from chat.posting import FRESH, Poster, Sent, refusal
from chat.protocol import Acknowledge, ClientFrame, Delete, Done, Earlier, Edit, History, Join, Leave, Numbered, React, Send, Vote
from chat.registry import Registry
from chat.room import Listener, Room
from chat.rules import Accept, Draft, Refuse, admit, judge
from chat.sockets import Socket
from storage.access import Action
from storage.chat.events import Audience, MessageKind, Quoted, RoomHint
from storage.clock import Clock, utc_now
from storage.limits import Limit
from storage.model.account import Account, Scope
from storage.model.chat import MessageState
from storage.model.errors import BadInput, ErrorCode, NotFound, Refused, Unavailable
from storage.opening import Storage
from storage.rate_limits import RateLimits

LONGEST_QUOTE = 120
OLDEST_MEDIA = 600_000
"""Milliseconds: what was seen longer ago is not believed."""
SENDS = Limit("chat", 20, 30)
TEAM_SENDS = Limit("chat-team", 100, 30)
TRIES = 4

Told = Callable[[RoomHint], Awaitable[None]]


class Requests:
    """One for each node. ``told`` is called with what was committed."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        *,
        registry: Registry,
        entrance: Entrance,
        poster: Poster,
        polls: Polls,
        on_air: OnAir,
        rates: RateLimits,
        commands: Commands,
        told: Told,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._registry = registry
        self._entrance = entrance
        self._poster = poster
        self._polls = polls
        self._on_air = on_air
        self._rates = rates
        self._commands = commands
        self._told = told

    async def do(self, socket: Socket, frame: ClientFrame) -> None:
        """Do what a frame asks, and answer it. Raises a FanlightError where it is refused."""
        match frame:
            case Join():
                await self._entrance.join(socket, frame)
            case Leave():
                await self._entrance.leave(socket, frame)
            case Send():
                await self._send(socket, frame)
            case Edit():
                await self._edit(socket, frame)
            case Delete():
                await self._delete(socket, frame)
            case React():
                await self._react(socket, frame)
            case History():
                await self._history(socket, frame)
            case _:
                await self._other(socket, frame)

    async def _other(self, socket: Socket, frame: ClientFrame) -> None:
        if isinstance(frame, Vote):
            room, _, account = self._writer(socket, frame.room)
            await self._pace(room, account)
            await self._admitted(room, account)
            await self._polls.vote(room.channel.id, account.id, frame.poll, frame.option)
            socket.tell(Done(id=frame.id))
        elif isinstance(frame, Acknowledge):
            room, _, account = self._writer(socket, frame.room)
            hint = await self._storage.members.acknowledge(room.channel.id, account.id, account.name)
            if hint is not None:
                await self._told(hint)
                # Whoever is told that it is done may write.
                await self._registry.renew(room)
            socket.tell(Done(id=frame.id))

    async def _send(self, socket: Socket, frame: Send) -> None:
        room, listener, account = self._writer(socket, frame.room)
        await self._pace(room, account)
        text, kind, granted = frame.text, MessageKind.TEXT, None
        if text.startswith("/") and not text.startswith("//"):
            granted = await self._storage.access.require(socket.actor, Action.SEE, room.channel.name)
            done = await self._commands.run(socket.actor, granted, text)
            if not done.say:
                socket.tell(Done(id=frame.id, text=done.text))
                return
            text, kind = done.say, done.kind
        now_ms = self._clock.unix_ns() // 1_000_000
        sent = Sent(
            room=room,
            author=account.id,
            client_id=frame.id,
            draft=Draft(text, kind),
            outcome=asyncio.get_running_loop().create_future(),
            reply=await self._quoted(room, frame.reply, listener),
            media=frame.media if now_ms - OLDEST_MEDIA < frame.media <= now_ms else 0,
            broadcast=self._on_air.broadcast(room.channel.name),
        )
        written = await self._poster.post(sent)
        if granted is not None and written.logged is not None and not written.again:
            await self._commands.said(socket.actor, granted, written.logged)
        if written.state in {MessageState.REJECTED, MessageState.DELETED} and not written.again:
            raise NotFound(ErrorCode.MESSAGE_NOT_FOUND, "The message is gone.")
        socket.tell(Done(id=frame.id, message=written.message, seq=written.seq, held=written.state is MessageState.HELD))

    async def _edit(self, socket: Socket, frame: Edit) -> None:
        room, _, account = self._writer(socket, frame.room)
        await self._pace(room, account)
        draft = await self._poster.classified(room, account.id, Draft(frame.text, edit=True))
        for _ in range(TRIES):
            await self._registry.freshen(room)
            version = room.version
            one = await self._registry.believed(room, account.id, believed=FRESH)
            if one is None:
                raise Refused(ErrorCode.SIGN_IN_REQUIRED, "Sign in to write here.")
            now = utc_now(self._clock)
            recent = room.recent.of(account.name, draft.key, now)
            verdict = judge(draft, writer_of(one), room.settings, room.filters, recent=recent, now=now)
            if isinstance(verdict, Refuse):
                raise refusal(verdict)
            if not isinstance(verdict, Accept):
                raise Refused(ErrorCode.MESSAGE_BLOCKED, "The team would have to look at that first: write it as a new message.")
            mentions = limits.mentions(frame.text)
            hint = await self._storage.messages.edit(room.channel.id, account.id, frame.message, frame.text, mentions, version=version)
            if hint is not None:
                await self._told(hint)
                socket.tell(Done(id=frame.id, message=frame.message, seq=hint.after + 1))
                return
            room.outdate()
            await self._registry.renew(room)
        raise Unavailable(ErrorCode.SERVER_BUSY, "The room changes too fast. Try again.")

    async def _delete(self, socket: Socket, frame: Delete) -> None:
        room, listener, account = self._writer(socket, frame.room)
        await self._pace(room, account)
        try:
            hint = await self._storage.messages.take_back(room.channel.id, account.id, frame.message)
        except NotFound:
            if listener.audience is not Audience.TEAM:
                raise
            granted = await self._storage.access.require(socket.actor, Action.SEE, room.channel.name)
            await self._commands.run(socket.actor, granted, f"/delete {frame.message}")
        else:
            await self._told(hint)
        socket.tell(Done(id=frame.id, message=frame.message))

    async def _react(self, socket: Socket, frame: React) -> None:
        room, _, account = self._writer(socket, frame.room)
        await self._pace(room, account)
        await self._admitted(room, account)
        if " " in frame.reaction or not is_only_emotes(frame.reaction, room.filters.emotes):
            raise BadInput(ErrorCode.REACTION_INVALID, "A reaction is one emoji or one emote of the channel.")
        hint = await self._storage.messages.react(room.channel.id, account.id, frame.message, frame.reaction, on=frame.on)
        if hint is not None:
            await self._told(hint)
        socket.tell(Done(id=frame.id, message=frame.message))

    async def _history(self, socket: Socket, frame: History) -> None:
        room, _ = self._entrance.find(socket, frame.room)
        found = await self._storage.messages.history(room.channel.id, before=frame.before, limit=frame.limit + 1)
        earlier = len(found) > frame.limit
        told = tuple(Numbered(seq=seq, message=message) for seq, message in found[-frame.limit :])
        account, reacted = socket.actor.account, [one.message.id for one in told if one.message.reactions]
        mine = (await self._storage.messages.reactions_of([account.id], reacted)).get(account.id, {}) if account and reacted else {}
        socket.tell(Earlier(id=frame.id, room=frame.room, messages=told, earlier=earlier, mine=mine))

    def _writer(self, socket: Socket, name: str) -> tuple[Room, Listener, Account]:
        room, listener = self._entrance.find(socket, name)
        account = socket.actor.account
        if account is None:
            raise Refused(ErrorCode.SIGN_IN_REQUIRED, "Sign in to write here.")
        if Scope.CHAT not in socket.actor.scopes:
            raise Refused(ErrorCode.SCOPE_REQUIRED, f"The token lacks the scope {Scope.CHAT}.")
        return room, listener, account

    async def _pace(self, room: Room, account: Account) -> None:
        one = await self._registry.believed(room, account.id)
        team = one is not None and rank_of(one, utc_now(self._clock)).is_team
        await self._rates.check(TEAM_SENDS if team else SENDS, f"{room.channel.id}:{account.id}" if team else account.id)

    async def _admitted(self, room: Room, account: Account) -> None:
        await self._registry.freshen(room)
        one = await self._registry.believed(room, account.id, believed=FRESH)
        if one is None:
            raise Refused(ErrorCode.SIGN_IN_REQUIRED, "Sign in to write here.")
        refused = admit(writer_of(one), room.settings, utc_now(self._clock))
        if refused is not None:
            raise refusal(refused)

    async def _quoted(self, room: Room, identifier: str, listener: Listener) -> Quoted | None:
        if not identifier:
            return None
        del listener
        kept = await self._storage.messages.get(room.channel.id, identifier)
        if kept.state is not MessageState.VISIBLE:
            raise NotFound(ErrorCode.MESSAGE_NOT_FOUND, "The message you answer is gone.")
        author = kept.message.author
        return Quoted(id=kept.message.id, name=author.name, shown=author.shown, text=kept.message.text[:LONGEST_QUOTE])
