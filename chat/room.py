"""One room on one node: what is known of it, who of this node is in it, and what they are told."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from chat.message_tail import MessageTail
from chat.normalise import key
from chat.participants import is_team, you
from chat.people import People
from chat.protocol import Events, ServerFrame, You
from chat.recent import RecentMessages
from chat.room_log import Batch, RoomLog
from chat.rules import NO_FILTERS, Filters
from chat.sockets import Prepared, Socket, prepared
from storage.chat.events import Audience, Event, Message, NumberedEvent, Pinned, Poll, PollChanged, Posted, decoded
from storage.chat.settings import ChatSettings
from storage.database.chat_log import RoomRow
from storage.database.chat_members import Participant
from storage.model.channel import Channel
from storage.model.ids import AccountId

FLUSH_SECONDS = 0.1
"""A socket gets at most one frame of a room's events in so long."""


_AUDIENCES = tuple(Audience)

MOST_WRITTEN = 5000
"""Messages on their way, held ones included, that a room knows for its own; beyond that they are counted twice by the rules."""


class Listener:
    """A socket in the room.

    ``you`` is what it was last told of itself; ``by_password`` that it showed a token for the channel's password.
    """

    __slots__ = ("audience", "by_password", "socket", "you")

    def __init__(self, socket: Socket, audience: Audience, told: You, *, by_password: bool = False) -> None:
        self.socket = socket
        self.audience = audience
        self.you = told
        self.by_password = by_password

    @property
    def account(self) -> AccountId | None:
        """Whose socket it is."""
        account = self.socket.actor.account
        return account.id if account else None


class Room:
    """Made of what the database says; changed by events and by :meth:`renew`. Nothing here waits."""

    def __init__(self, channel: Channel, row: RoomRow, tail: MessageTail) -> None:
        self.channel = channel
        self.settings: ChatSettings = row.settings
        self.version = row.version
        self.filters: Filters = NO_FILTERS
        self.log = RoomLog(row.epoch, row.seq)
        self.tail = tail
        self.recent = RecentMessages()
        self.pinned: Message | None = None
        self.poll: Poll | None = None
        self.people = People()
        self.listeners: dict[int, Listener] = {}
        self.flush_at = 0.0
        self.alone_until = 0.0
        """Until then no other node is told what happens here: none listened when it was last told."""
        self.catching_up = asyncio.Lock()
        """Held by who reads the log."""
        self.stale = False
        """Whether the version that is known is not the newest: nobody is refused by it before it is renewed."""
        self.changes = 0
        """How often it was heard that it is not."""
        self.tail_stale = False
        """Whether messages came back whose places the tail does not know: nobody is shown it before it is read anew."""
        self.rereading = asyncio.Lock()
        self._written: set[str] = set()
        """Messages of this node that the rules remember, and that are not told yet."""
        self.coming = 0
        """How many are coming in: until they are, the room is not closed."""
        self.recalled = False
        """Whether the log was read for what happened before the room was opened."""

    def outdate(self) -> None:
        """What may be done here has changed."""
        self.stale = True
        self.changes += 1

    def renew(self, channel: Channel, row: RoomRow, filters: Filters, *, changes: int) -> None:
        """The database was asked anew, after ``changes``."""
        self.channel, self.settings, self.version, self.filters = channel, row.settings, row.version, filters
        self.people.forget()
        self.stale = self.changes != changes

    def hear(self, events: Iterable[NumberedEvent]) -> Sequence[Event]:
        """Take events; returns those that happened now, in order."""
        happened = []
        for numbered in self.log.hear(events):
            event = decoded(numbered.body)
            self._apply(numbered.seq, event)
            happened.append(event)
        return happened

    def _apply(self, seq: int, event: Event) -> None:
        self.tail.apply(seq, event)
        if isinstance(event, Pinned):
            self.pinned = event.message
        elif isinstance(event, PollChanged):
            self.poll = event.poll
        elif isinstance(event, Posted):
            self._note(event.message)

    def _note(self, message: Message) -> None:
        """Remember what was written on another node."""
        if message.id in self._written:
            self._written.discard(message.id)
        else:
            self.recent.note(message.author.name, key(message.text), datetime.fromtimestamp(message.at / 1000, UTC))

    def write(self, identifier: str, author: str, text_key: str, at: datetime) -> None:
        """Somebody of this node writes a message: the rules remember it from now on."""
        self.recent.note(author, text_key, at)
        if len(self._written) >= MOST_WRITTEN:
            self._written.clear()
        self._written.add(identifier)

    # Who is told what.

    def add(self, listener: Listener) -> None:
        """Somebody came in."""
        self.listeners[listener.socket.identifier] = listener

    def remove(self, socket: Socket) -> Listener | None:
        """Somebody left."""
        return self.listeners.pop(socket.identifier, None)

    def flush(self, now: float) -> None:
        """Tell everybody what they were not told yet."""
        self.flush_at = now + FLUSH_SECONDS
        for audience in _AUDIENCES:
            batch = self.log.batch(audience)
            if batch is not None:
                self._tell(audience, prepared_batch(self.channel.name, batch))

    def catch_up(self, audience: Audience) -> None:
        """Bring an audience to the newest number, even if nothing of it is theirs."""
        batch = self.log.batch(audience, even_nothing=True)
        if batch is not None:
            self._tell(audience, prepared_batch(self.channel.name, batch))

    def _tell(self, audience: Audience, frame: Prepared) -> None:
        for listener in tuple(self.listeners.values()):
            if listener.audience is audience:
                listener.socket.pass_on(frame)

    def tell_all(self, frame: ServerFrame) -> None:
        """Tell everybody the same."""
        made = prepared(frame)
        for listener in tuple(self.listeners.values()):
            listener.socket.pass_on(made)

    # Who they are.

    def you_of(self, participant: Participant | None, socket: Socket, now: datetime) -> tuple[You, Audience]:
        """What a socket is told of itself, and whose audience it belongs to; of a stranger without a participant."""
        if participant is None:
            return You(refused="sign_in_required"), Audience.EVERYBODY
        audience = Audience.TEAM if is_team(participant, socket.actor, self.channel) else Audience.EVERYBODY
        return you(participant, socket.actor, self.channel, self.settings, now), audience

    def accounts(self) -> Collection[AccountId]:
        """Whose sockets are here."""
        return {account for listener in self.listeners.values() if (account := listener.account) is not None}

    def count_strangers(self) -> int:
        """Sockets without an account."""
        return sum(listener.account is None for listener in self.listeners.values())


def prepared_batch(room: str, batch: Batch) -> Prepared:
    """A batch as a frame."""
    return prepared(Events(room=room, after=batch.after, seq=batch.seq, events=tuple(msgspec.Raw(body) for body in batch.bodies)))
