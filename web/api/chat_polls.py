"""Polls in a channel's chat. Votes are cast on the realtime socket."""

from chat.shows import Shows
from storage.access import Action
from storage.chat.events import Poll
from storage.model.account import Actor, Scope
from storage.model.errors import ErrorCode, NotFound
from storage.opening import Storage
from web.api.route import Noun, Who
from web.schema.chat import PollAsked, PollState

NOUN = Noun("polls", "Polls in channels' chats.")
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)


class PollRoutes:
    """Whoever watches sees how it stands; the team asks."""

    def __init__(self, storage: Storage, shows: Shows) -> None:
        self._storage = storage
        self._shows = shows

    @NOUN.route(
        "GET",
        "/channels/{name}/poll",
        errors=(
            ErrorCode.CHANNEL_NOT_FOUND,
            ErrorCode.NOT_FOUND,
            ErrorCode.SIGN_IN_REQUIRED,
            ErrorCode.NOT_ALLOWED,
            ErrorCode.CHANNEL_PASSWORD_REQUIRED,
        ),
    )
    async def poll(self, name: str, actor: Actor) -> PollState:
        """The poll that runs, or the last one while it is shown."""
        granted = await self._storage.access.require(actor, Action.WATCH, name)
        found = await self._storage.polls.current(granted.channel.id)
        if found is None:
            raise NotFound(ErrorCode.NOT_FOUND, "There is no poll here.")
        return _view(found)

    @NOUN.route("POST", "/channels/{name}/poll", who=Who.ACCOUNT, scope=Scope.MODERATE, status=201, errors=_ERRORS)
    async def open(self, name: str, actor: Actor, body: PollAsked) -> PollState:
        """Ask something, instead of what was asked before."""
        return _view(await self._shows.open_poll(actor, name, body.question, body.options, body.seconds))

    @NOUN.route(
        "POST",
        "/channels/{name}/poll/{poll}/close",
        who=Who.ACCOUNT,
        scope=Scope.MODERATE,
        errors=(*_ERRORS, ErrorCode.POLL_CLOSED),
    )
    async def close(self, name: str, poll: str, actor: Actor) -> None:
        """End a poll before its time; how it ended stays on show."""
        await self._shows.close_poll(actor, name, poll)

    @NOUN.route("DELETE", "/channels/{name}/poll", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def dismiss(self, name: str, actor: Actor) -> None:
        """Show no poll any more, running or over."""
        await self._shows.dismiss_poll(actor, name)


def _view(poll: Poll) -> PollState:
    return PollState(id=poll.id, question=poll.question, options=poll.options, votes=poll.votes, ends_ms=poll.ends_at, closed=poll.closed)
