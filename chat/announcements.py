"""Announcements of a channel's team that are not written on a socket."""

from chat import limits
from chat.on_air import running
from chat.participants import author_of, writer_of
from chat.posting import TRIES, refusal
from chat.recent import Recent
from chat.rules import NO_FILTERS, Draft, Refuse, judge
from chat.team import Team
from storage.access import Granted
from storage.chat.events import Message, MessageKind
from storage.clock import Clock, utc_now
from storage.database.chat_act import Acted
from storage.database.chat_posts import Post, RoomPosts
from storage.model.account import Account, Actor
from storage.model.chat import ModerationAction
from storage.model.errors import ErrorCode, NotFound, Refused, Unavailable
from storage.model.ids import BroadcastId, new_record_id


class Announcements:
    """One for each process."""

    def __init__(self, team: Team, clock: Clock) -> None:
        self._team = team
        self._storage = team.storage
        self._clock = clock

    async def announce(self, actor: Actor, channel: str, text: str) -> Acted:
        """Say something to everybody, set off from the rest.

        Raises:
            BadInput: ``MESSAGE_EMPTY``, ``MESSAGE_TOO_LONG``, ``BAD_REQUEST``.
            Refused: As :meth:`chat.team.Team.granted`; ``CHAT_MUTED``, ``WARNING_PENDING``.
            Unavailable: ``SERVER_BUSY``, ``DATABASE_UNAVAILABLE``.
        """
        granted = await self._team.granted(actor, ModerationAction.ANNOUNCE, channel)
        if actor.account is None:
            raise Refused(ErrorCode.SIGN_IN_REQUIRED, "Sign in to write here.")
        broadcast = await self._broadcast(granted)
        for _ in range(TRIES):
            done = await self._write(granted, actor.account, text, broadcast)
            if done.hint is not None:
                logged = tuple(one.logged for one in done.written if one.logged is not None)
                return await self._team.done(actor, granted, Acted(done.hint, logged))
        raise Unavailable(ErrorCode.SERVER_BUSY, "The room changes too fast. Try again.")

    async def _write(self, granted: Granted, account: Account, text: str, broadcast: BroadcastId | None) -> RoomPosts:
        channel, now = granted.channel.id, utc_now(self._clock)
        room = await self._storage.chat_log.open(channel)
        one = (await self._storage.members.of(channel, [account.id])).get(account.id)
        if one is None:
            raise Refused(ErrorCode.SIGN_IN_REQUIRED, "The account is gone.")
        draft = Draft(text, MessageKind.ANNOUNCEMENT)
        verdict = judge(draft, writer_of(one), room.settings, NO_FILTERS, recent=Recent(), now=now)
        if isinstance(verdict, Refuse):
            raise refusal(verdict)
        identifier = new_record_id(self._clock.unix_ns() // 1_000_000)
        message = Message(id=identifier, at=0, author=author_of(one, now), text=text, kind=draft.kind, mentions=limits.mentions(text))
        done = await self._storage.posts.write({channel: (room.version, [Post(account.id, identifier, message, broadcast=broadcast)])})
        if channel not in done:
            raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "There is no such channel.")
        return done[channel]

    async def _broadcast(self, granted: Granted) -> BroadcastId | None:
        name = granted.channel.name
        try:
            return (await running(self._storage.bus, [name]))[name]
        except Unavailable:
            return None
