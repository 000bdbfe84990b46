"""Coming into a room and leaving it: who may, and what they are told so that they miss nothing and see nothing twice."""

from collections.abc import Callable

from chat.on_air import OnAir
from chat.own import Own
from chat.participants import watches
from chat.presence import RoomPresence
from chat.protocol import Done, Ended, Join, Joined, Leave, Numbered, YouChanged
from chat.registry import Registry
from chat.room import Listener, Room, prepared_batch
from chat.room_log import Batch
from chat.sockets import Socket
from storage.access import Action, Granted
from storage.bus.rooms import RoomHints
from storage.chat.events import Audience
from storage.clock import Clock, utc_now
from storage.database.chat_members import Participant
from storage.model.account import Actor
from storage.model.channel import STRANGER_STANDING, Channel, Visibility
from storage.model.errors import Conflict, ErrorCode, Refused, Unavailable
from storage.model.permission import Verdict
from storage.model.token import TokenType
from storage.opening import Storage

HISTORY = 50
"""Messages somebody who comes in is shown."""
MOST_MISSED = 1000
"""Events told to somebody who resumes; who missed more begins anew."""
MOST_ROOMS = 50
"""Rooms one socket may be in."""
TRIES = 4
"""How often somebody is judged anew because the room changed while they came in."""

Arrived = Callable[[Room, Participant, str], None]
"""Is told who came into which room, from which address. Takes no time."""


class Entrance:
    """One for each node."""

    def __init__(
        self,
        storage: Storage,
        registry: Registry,
        *,
        presence: RoomPresence,
        on_air: OnAir,
        hints: RoomHints,
        arrived: Arrived,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._registry = registry
        self._presence = presence
        self._on_air = on_air
        self._hints = hints
        self._arrived = arrived
        self._clock = clock
        self._rooms_of: dict[int, set[Room]] = {}

    def rooms_of(self, socket: Socket) -> set[Room]:
        """Where a socket is."""
        return self._rooms_of.get(socket.identifier, set())

    def find(self, socket: Socket, name: str) -> tuple[Room, Listener]:
        """A room a socket is in. Raises ``Conflict(NOT_JOINED)``."""
        for room in self.rooms_of(socket):
            if room.channel.name == name:
                return room, room.listeners[socket.identifier]
        raise Conflict(ErrorCode.NOT_JOINED, "You are not in this room.")

    async def join(self, socket: Socket, frame: Join) -> None:
        """Let a socket in. Raises what :meth:`storage.access.Access.require` does, ``CHAT_BANNED``, ``LIMIT_REACHED``."""
        if len(self.rooms_of(socket)) >= MOST_ROOMS:
            raise Conflict(ErrorCode.LIMIT_REACHED, f"A socket is in at most {MOST_ROOMS} rooms.", limit=MOST_ROOMS)
        room, by_password = await self._open(socket.actor, frame)
        room.coming += 1
        try:
            await self._let_in(socket, frame, room, by_password=by_password)
        finally:
            room.coming -= 1

    async def _open(self, actor: Actor, frame: Join) -> tuple[Room, bool]:
        """The room, and whether the channel's password was given. One that is open here says itself who may come in."""
        room = self._registry.named(frame.room)
        if room is None:
            granted, by_password = await self._granted(actor, frame)
            return await self._registry.open(granted.channel, self._hints), by_password
        by_password = bool(frame.token) and room.channel.visibility is Visibility.PASSWORD
        if by_password:
            self._check(frame.token, actor, room.channel)
        return room, by_password

    async def _let_in(self, socket: Socket, frame: Join, room: Room, *, by_password: bool) -> None:
        account = socket.actor.account
        for _ in range(TRIES):
            await self._registry.freshen(room)
            await self._registry.reread(room)
            version = room.version
            participant = await self._registry.participant(room, account.id) if account else None
            refused = _not_to_stay(room, socket.actor, participant, by_password=by_password)
            if refused is not None:
                # Not everybody is told why, or even that there is such a channel.
                await self._granted(socket.actor, frame)
                raise Refused(*refused)
            await self._on_air.learn(room.channel.name)
            live = self._on_air.broadcast(room.channel.name) is not None
            told, audience = room.you_of(participant, socket, utc_now(self._clock))
            missed = await self._missed(room, frame, audience)
            own = await self._registry.own(room, account.id if account else None)
            if room.version == version and not room.tail_stale and not room.rereading.locked():
                break
        else:
            raise Unavailable(ErrorCode.SERVER_BUSY, "The room changes too fast. Try again.")
        # Nothing waits from here on: what happens later reaches the socket like everybody else.
        if self._registry.get(room.channel.id) is not room:
            raise Conflict(ErrorCode.NOT_JOINED, "The room began anew at this very moment. Join again.")
        self._remove(socket, room)
        listener = Listener(socket, audience, told, by_password=by_password)
        room.add(listener)
        self._rooms_of.setdefault(socket.identifier, set()).add(room)
        self._presence.came(room)
        if participant is not None:
            self._arrived(room, participant, socket.actor.address)
        socket.tell(self._joined(room, frame, listener, missed, own, live=live))
        if missed is not None and missed.seq > missed.after:
            socket.pass_on(prepared_batch(room.channel.name, missed))

    async def leave(self, socket: Socket, frame: Leave) -> None:
        """Let a socket out. Raises ``Conflict(NOT_JOINED)``."""
        room, _ = self.find(socket, frame.room)
        self._remove(socket, room)
        socket.tell(Done(id=frame.id))

    def closed(self, socket: Socket) -> None:
        """A socket is gone."""
        for room in tuple(self.rooms_of(socket)):
            self._remove(socket, room)

    def put_out(self, listener: Listener, room: Room, code: ErrorCode, detail: str) -> None:
        """A socket may not stay."""
        self._remove(listener.socket, room)
        listener.socket.tell(Ended(room=room.channel.name, code=code, detail=detail))

    async def recheck(self, room: Room, listeners: list[Listener]) -> None:
        """What some may do here, or may no longer. Raises ``Unavailable(DATABASE_UNAVAILABLE)``."""
        accounts = {account for listener in listeners if (account := listener.account) is not None}
        participants = await self._registry.participants(room, accounts)
        now = utc_now(self._clock)
        for listener in listeners:
            if room.listeners.get(listener.socket.identifier) is not listener:
                continue
            one = participants.get(listener.account) if listener.account else None
            refused = _not_to_stay(room, listener.socket.actor, one, by_password=listener.by_password)
            if refused is not None:
                self.put_out(listener, room, *refused)
                continue
            told, audience = room.you_of(one, listener.socket, now)
            if audience is not listener.audience:
                # Both audiences stand at one number before somebody goes over to the other.
                for each in Audience:
                    room.catch_up(each)
                listener.audience = audience
            if told != listener.you:
                listener.you = told
                listener.socket.tell(YouChanged(room=room.channel.name, you=told))

    async def recheck_refused(self) -> None:
        """Look again at those who can't write: what lets them may come by time or from elsewhere. Raises ``Unavailable``."""
        for room in self._registry.rooms():
            waiting = [listener for listener in room.listeners.values() if listener.you.refused and listener.account is not None]
            if waiting:
                accounts = {account for listener in waiting if (account := listener.account) is not None}
                await self._registry.participants(room, accounts, believed=1.0)
                await self.recheck(room, waiting)

    async def _granted(self, actor: Actor, frame: Join) -> tuple[Granted, bool]:
        try:
            return await self._storage.access.require(actor, Action.WATCH, frame.room), False
        except Refused as refused:
            if refused.code is ErrorCode.CHANNEL_PASSWORD_REQUIRED and frame.token:
                granted = await self._storage.access.require(actor, Action.SEE, frame.room)
                self._check(frame.token, actor, granted.channel)
                return granted, True
            if refused.code is ErrorCode.NOT_ALLOWED and actor.account is not None:
                await self._tell_ban(actor, frame.room)
            raise

    def _check(self, token: str, actor: Actor, channel: Channel) -> None:
        shown = self._storage.tokens.read(TokenType.PLAYBACK, token)
        if shown.claims.get("channel") != channel.id or shown.claims.get("session") != (actor.session or ""):
            raise Refused(ErrorCode.TOKEN_REFUSED, "The token is not valid.")

    async def _tell_ban(self, actor: Actor, name: str) -> None:
        assert actor.account is not None
        granted = await self._storage.access.require(actor, Action.SEE, name)
        found = await self._storage.members.of(granted.channel.id, [actor.account.id])
        if any(one.standing.banned for one in found.values()):
            raise Refused(ErrorCode.CHAT_BANNED, "You are banned from this channel.")

    async def _missed(self, room: Room, frame: Join, audience: Audience) -> Batch | None:
        """What somebody missed who comes back; None where that can't be told, or they come for the first time."""
        if not frame.epoch or frame.epoch != room.log.epoch:
            return None
        if frame.after > room.log.seq:
            await self._registry.catch_up(room, frame.after)
        if frame.after > room.log.seq:
            return None
        if frame.after > room.log.told(audience):
            room.catch_up(audience)
        found = room.log.since(frame.after, audience)
        if found is None and not room.recalled and room.log.told(audience) - frame.after <= MOST_MISSED:
            await self._registry.recall(room)
            found = room.log.since(frame.after, audience)
        return found

    def _joined(self, room: Room, frame: Join, listener: Listener, missed: Batch | None, own: Own, *, live: bool) -> Joined:
        told = room.log.told(listener.audience)
        newest, earlier = room.tail.newest(HISTORY, upto=told) if missed is None else ((), True)
        return Joined(
            id=frame.id,
            room=room.channel.name,
            epoch=room.log.epoch,
            seq=told if missed is None else frame.after,
            resumed=missed is not None,
            missed=missed is None and bool(frame.epoch),
            you=listener.you,
            modes=room.settings.effective,
            shield=room.settings.shield,
            pinned=room.pinned,
            poll=room.poll,
            present=self._presence.of(room),
            messages=tuple(Numbered(seq=seq, message=message) for seq, message in newest),
            earlier=earlier,
            mine={message.id: own.reactions[message.id] for _, message in newest if message.id in own.reactions},
            voted=own.voted,
            live=live,
            notices=room.settings.join_notices,
            previews=room.settings.previews,
        )

    def _remove(self, socket: Socket, room: Room) -> None:
        if room.remove(socket) is None:
            return
        mine = self._rooms_of.get(socket.identifier, set())
        mine.discard(room)
        if not mine:
            self._rooms_of.pop(socket.identifier, None)
        account = socket.actor.account
        still = account is not None and any(other.account == account.id for other in room.listeners.values())
        self._presence.went(room, account.name if account and not still else None)


def _not_to_stay(room: Room, actor: Actor, participant: Participant | None, *, by_password: bool) -> tuple[ErrorCode, str] | None:
    if actor.account is not None and participant is None:
        return ErrorCode.SIGN_IN_REQUIRED, "The account is gone."
    standing = participant.standing if participant else STRANGER_STANDING
    if standing.banned and not (standing.owner or standing.operator):
        return ErrorCode.CHAT_BANNED, "You are banned from this channel."
    if actor.account is None and not room.settings.anonymous_readers:
        return ErrorCode.SIGN_IN_REQUIRED, "Sign in to read here."
    said = watches(participant, actor, room.channel)
    if said is Verdict.ALLOWED or (said is Verdict.PASSWORD and by_password):
        return None
    if said is Verdict.PASSWORD and room.channel.visibility is Visibility.PASSWORD:
        return ErrorCode.CHANNEL_PASSWORD_REQUIRED, "This channel opens with a password now."
    return ErrorCode.NOT_ALLOWED, "You may no longer be here."
