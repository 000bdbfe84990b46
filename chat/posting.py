"""Writes what is said: all rooms' messages together, judged by what holds at the very moment they are written."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chat import limits
from chat.classifier import Classifier
from chat.metrics import COMMITTED, MESSAGES_REFUSED
from chat.participants import author_of, rank_of, writer_of
from chat.registry import Registry
from chat.room import Room
from chat.rules import Accept, Draft, Hold, Refuse, judge
from storage.chat.events import Message, Quoted, RoomHint
from storage.clock import Clock, utc_now
from storage.database.chat_members import Participant
from storage.database.chat_posts import DELAYED, Post, RoomPosts, Written
from storage.model.chat import MessageState
from storage.model.errors import BadInput, ErrorCode, FanlightError, NotFound, Refused, Unavailable
from storage.model.ids import AccountId, BroadcastId, ChannelId, RecordId, new_record_id
from storage.opening import Storage

MOST_WAITING = 2000
"""Messages of all rooms that may wait to be written; more are refused at once."""
MOST_TOGETHER = 500
GATHERED_SECONDS = 0.02
"""A transaction begins at most so often; the first message after a pause does not wait."""
FRESH = 1.0
"""Nobody is refused by what the database said longer ago, in seconds."""
TRIES = 4
"""How often messages are judged anew because the room changed while they were written."""


@dataclass(eq=False, slots=True)
class Sent:
    """A message on its way. ``outcome`` is what its author is told."""

    room: Room
    author: AccountId
    client_id: str
    draft: Draft
    outcome: "asyncio.Future[Written]"
    reply: Quoted | None = None
    media: int = 0
    broadcast: BroadcastId | None = None
    identifier: RecordId = field(default=RecordId(""))
    judged: bool = False
    """Whether it was taken before, and is judged again only because the room changed."""


Told = Callable[[RoomHint], Awaitable[None]]


class Poster:
    """One for each node. ``told`` is called with what was committed."""

    def __init__(self, storage: Storage, registry: Registry, clock: Clock, *, classifier: Classifier, told: Told) -> None:
        self._storage = storage
        self._registry = registry
        self._clock = clock
        self._classifier = classifier
        self._told = told
        self._waiting: deque[Sent] = deque()
        self._wake = asyncio.Event()

    async def post(self, sent: Sent) -> Written:
        """Write a message; returns when it is committed.

        Raises:
            Unavailable: ``SERVER_BUSY``, ``DATABASE_UNAVAILABLE``: it may be sent again with the same client's id.
            Refused: As the rules say.
        """
        sent.draft = await self.classified(sent.room, sent.author, sent.draft)
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable(ErrorCode.SERVER_BUSY, "Too many messages wait to be written.")
        sent.identifier = new_record_id(self._clock.unix_ns() // 1_000_000)
        self._waiting.append(sent)
        self._wake.set()
        return await sent.outcome

    async def classified(self, room: Room, author: AccountId, draft: Draft) -> Draft:
        """A draft with what the external classifier says of it, where the room has automod and the classifier says something in time.

        Nothing leaves this server of what the team writes: it is let through whatever it is. Raises ``Unavailable(DATABASE_UNAVAILABLE)``.
        """
        if not any(room.settings.automod.levels.values()):
            return draft
        one = await self._registry.believed(room, author)
        if one is not None and rank_of(one, utc_now(self._clock)).is_team:
            return draft
        return replace(draft, scores=await self._classifier.scores(draft.text))

    async def run(self) -> None:
        """Write, for ever. While one transaction runs, what comes waits for the next."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                began = self._clock.monotonic()
                batch = [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]
                try:
                    await self._write(batch)
                except NotFound:
                    # Somebody deleted an account meanwhile: one by one tells whose it was.
                    await self._one_by_one(batch)
                except FanlightError as error:
                    _fail(batch, error)
                except BaseException:
                    _fail(batch, Unavailable(ErrorCode.SERVER_BUSY, "The message could not be written. Try again."))
                    raise
                # What comes soon after is written together: that costs a busy node much less.
                await self._clock.sleep(max(0.0, began + GATHERED_SECONDS - self._clock.monotonic()))

    async def _one_by_one(self, batch: Sequence[Sent]) -> None:
        for sent in batch:
            try:
                await self._write([sent])
            except FanlightError as error:
                _fail([sent], error)

    async def _write(self, batch: Sequence[Sent]) -> None:
        left = [sent for sent in batch if not sent.outcome.done()]
        for _ in range(TRIES):
            posts = await self._judged(left)
            left = []
            if not posts:
                return
            asked = {channel: (version, [post for _, post in of_room]) for channel, (_, version, of_room) in posts.items()}
            done = await self._storage.posts.write(asked)
            for channel, (room, _, of_room) in posts.items():
                left += await self._settle(room, [sent for sent, _ in of_room], done.get(channel))
            if not left:
                return
        _fail(left, Unavailable(ErrorCode.SERVER_BUSY, "The room changes too fast. Try again."))

    async def _judged(self, batch: Sequence[Sent]) -> dict[ChannelId, tuple[Room, int, list[tuple[Sent, Post]]]]:
        by_room: dict[Room, list[Sent]] = {}
        for sent in batch:
            by_room.setdefault(sent.room, []).append(sent)
        posts: dict[ChannelId, tuple[Room, int, list[tuple[Sent, Post]]]] = {}
        for room, of_room in by_room.items():
            await self._registry.freshen(room)
            version = room.version
            judged = await self._judged_in(room, of_room)
            unfit = [(sent, found) for sent, found in judged.items() if isinstance(found, FanlightError)]
            if unfit:
                await self._refuse(room, unfit)
            fit = [(sent, found) for sent, found in judged.items() if isinstance(found, Post)]
            if fit:
                posts[room.channel.id] = (room, version, fit)
        return posts

    async def _judged_in(self, room: Room, of_room: Sequence[Sent]) -> dict[Sent, Post | FanlightError]:
        participants = await self._registry.participants(room, {sent.author for sent in of_room})
        now = utc_now(self._clock)
        judged = {sent: self._judge(room, sent, participants.get(sent.author), now) for sent in of_room}
        refused = [sent for sent, found in judged.items() if isinstance(found, FanlightError)]
        if refused:
            # What lets them write may have come by time, or from elsewhere.
            again = await self._registry.participants(room, {sent.author for sent in refused}, believed=FRESH)
            judged |= {sent: self._judge(room, sent, again.get(sent.author), now) for sent in refused}
        return judged

    def _judge(self, room: Room, sent: Sent, one: Participant | None, now: datetime) -> Post | FanlightError:
        if one is None:
            return Refused(ErrorCode.SIGN_IN_REQUIRED, "Sign in to write here.")
        # One that is judged again stands in nobody's way, least of all in its own.
        draft = replace(sent.draft, edit=True) if sent.judged else sent.draft
        recent = room.recent.of(one.account.name, draft.key, now, last_at=one.member.last_at)
        verdict = judge(draft, writer_of(one), room.settings, room.filters, recent=recent, now=now)
        if isinstance(verdict, Refuse):
            return refusal(verdict)
        if not sent.judged:
            sent.judged = True
            room.write(sent.identifier, one.account.name, draft.key, now)
        return self._post(room, sent, one, verdict, now)

    async def _refuse(self, room: Room, unfit: Sequence[tuple[Sent, FanlightError]]) -> None:
        """Refuse, but what was written already and is only sent again: its author did not hear that it was."""
        known = await self._storage.posts.known(room.channel.id, [(sent.author, sent.client_id) for sent, _ in unfit])
        for sent, error in unfit:
            written = known.get((sent.author, sent.client_id))
            if written is None:
                MESSAGES_REFUSED.labels(error.code).inc()
                _fail([sent], error)
            elif not sent.outcome.done():
                sent.outcome.set_result(written)

    def _post(self, room: Room, sent: Sent, one: Participant, verdict: Accept | Hold, now: datetime) -> Post:
        message = Message(
            id=sent.identifier,
            at=0,
            author=author_of(one, now),
            text=sent.draft.text,
            kind=sent.draft.kind,
            media=sent.media,
            mentions=limits.mentions(sent.draft.text),
            reply=sent.reply,
        )
        state, due_at = MessageState.VISIBLE, None
        held_for: tuple[str, ...] = ()
        delay = room.settings.effective.delay_seconds
        if isinstance(verdict, Hold):
            state, held_for = MessageState.HELD, verdict.reasons
        elif delay and not rank_of(one, now).is_team:
            state, held_for, due_at = MessageState.DELAYED, (DELAYED,), now + timedelta(seconds=delay)
        return Post(sent.author, sent.client_id, message, state, held_for, due_at, sent.broadcast)

    async def _settle(self, room: Room, of_room: Sequence[Sent], done: RoomPosts | None) -> Sequence[Sent]:
        """Tell what became of a room's messages; returns those to judge anew."""
        if done is None:
            _fail(of_room, NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel."))
            return ()
        if done.stale:
            room.outdate()
            await self._registry.renew(room)
            return of_room
        if done.hint is not None:
            await self._told(done.hint)
        COMMITTED.inc(len(of_room))
        for sent, written in zip(of_room, done.written, strict=True):
            if not sent.outcome.done():
                sent.outcome.set_result(written)
        return ()


def refusal(verdict: Refuse) -> FanlightError:
    """A refusal of the rules as an error."""
    kind = BadInput if verdict.code in _BAD else Refused
    return kind(verdict.code, verdict.detail, retry_after=round(verdict.retry_after, 1))


_BAD = frozenset({ErrorCode.BAD_REQUEST, ErrorCode.MESSAGE_EMPTY, ErrorCode.MESSAGE_TOO_LONG})


def _fail(batch: Sequence[Sent], error: FanlightError) -> None:
    for sent in batch:
        if not sent.outcome.done():
            sent.outcome.set_exception(error)
