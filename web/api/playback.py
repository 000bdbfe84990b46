"""Tokens that open a channel's doors for a while, and what was broadcast there."""

import hashlib

from quart import request

from storage.access import Action, Granted
from storage.database.broadcasts import BroadcastRecord
from storage.limits import Limit
from storage.model.account import Actor, Scope
from storage.model.channel import Visibility
from storage.model.errors import ErrorCode, Refused
from storage.model.ids import ChannelId
from storage.model.token import TokenType
from storage.opening import Storage
from web.api.paging import PageRequest
from web.api.route import Answer, Noun, Who
from web.api.views import milliseconds, milliseconds_or_none
from web.schema.channel import Broadcast
from web.schema.paging import Page
from web.schema.people import IssuedToken, Nothing, PlaybackRequest

NOUN = Noun("playback", "Tokens to publish and to watch with, and past broadcasts.")

PLAYBACK_SECONDS = 120
"""How long a ban or a closed door may take to stop who watches already, and a segment."""
PUBLISH_SECONDS = 3600
STRANGER = "stranger"
PLAYBACK_COOKIE = "fanlight-playback"
PASSWORD_TRIES = Limit("passwords", 30, 60, guards=True)
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)


class PlaybackRoutes:
    """Issues tokens to whoever may."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @NOUN.route("POST", "/channels/{name}/publish-tokens", who=Who.ACCOUNT, scope=Scope.PUBLISH, errors=_ERRORS)
    async def publish_token(self, name: str, actor: Actor, body: Nothing) -> IssuedToken:  # noqa: ARG002 - an empty object must be sent
        """A token to publish to your channel with, in place of a stream key."""
        granted = await self._storage.access.require(actor, Action.PUBLISH, name)
        assert actor.account is not None
        token = self._storage.tokens.issue(
            TokenType.PUBLISH, actor.account.id, PUBLISH_SECONDS, channel=granted.channel.id, name=granted.channel.name
        )
        return IssuedToken(token=token, expires_in=PUBLISH_SECONDS)

    @NOUN.route(
        "POST",
        "/channels/{name}/playback-tokens",
        limit=PASSWORD_TRIES,
        errors=(
            *_ERRORS,
            ErrorCode.SIGN_IN_REQUIRED,
            ErrorCode.CHANNEL_PASSWORD_REQUIRED,
            ErrorCode.PASSWORD_WRONG,
            ErrorCode.SERVER_BUSY,
        ),
    )
    async def playback_token(self, name: str, actor: Actor, body: PlaybackRequest) -> Answer[IssuedToken]:
        """A token to watch the channel with. The same token is set as a cookie for players that can't send headers."""
        granted, password = await self._watch(name, actor, body)
        claims = {"channel": granted.channel.id, "session": actor.session or "", "password": password}
        token = self._storage.tokens.issue(TokenType.PLAYBACK, _subject(actor), PLAYBACK_SECONDS, **claims)
        secure = "; Secure" if request.scheme == "https" else ""
        cookie = f"{PLAYBACK_COOKIE}={token}; Path=/hls/{granted.channel.name}/; Max-Age={PLAYBACK_SECONDS}; HttpOnly; SameSite=Lax{secure}"
        return Answer(IssuedToken(token=token, expires_in=PLAYBACK_SECONDS), {"Set-Cookie": cookie})

    @NOUN.route("GET", "/channels/{name}/broadcasts", errors=(*_ERRORS, ErrorCode.SIGN_IN_REQUIRED, ErrorCode.CHANNEL_PASSWORD_REQUIRED))
    async def broadcasts(self, name: str, actor: Actor, page: PageRequest) -> Page[Broadcast]:
        """The channel's broadcasts, newest first."""
        granted = await self._storage.access.require(actor, Action.WATCH, name)
        found = await self._storage.broadcasts.list(granted.channel.id, before=page.after, limit=page.limit + 1)
        return page.of(found, lambda record: record.id, _view)

    async def _watch(self, name: str, actor: Actor, body: PlaybackRequest) -> tuple[Granted, str]:
        """What may be watched, and which of the channel's passwords opened it."""
        access = self._storage.access
        try:
            return await access.require(actor, Action.WATCH, name), ""
        except Refused as refused:
            if refused.code is not ErrorCode.CHANNEL_PASSWORD_REQUIRED:
                raise
            granted = await access.require(actor, Action.SEE, name)
            kept = await self._storage.channels.password_hash(granted.channel.id)
            if body.renew:
                self._check_renewal(body.renew, granted.channel.id, actor, kept)
            elif not body.password:
                raise
            elif not await self._storage.passwords.verify(kept, body.password):
                raise Refused(ErrorCode.PASSWORD_WRONG, "This is not the channel's password.") from None
            assert granted.channel.visibility is Visibility.PASSWORD
            return granted, _mark(kept)

    def _check_renewal(self, token: str, channel: ChannelId, actor: Actor, password_hash: str | None) -> None:
        """A token follows one that was given to the same session, for the password that still opens the channel."""
        shown = self._storage.tokens.read(TokenType.PLAYBACK, token)
        expected = {"channel": channel, "session": actor.session or "", "password": _mark(password_hash)}
        if shown.subject != _subject(actor) or not expected.items() <= shown.claims.items():
            raise Refused(ErrorCode.TOKEN_REFUSED, "The token is not valid.")


def _subject(actor: Actor) -> str:
    return actor.account.id if actor.account else STRANGER


def _mark(password_hash: str | None) -> str:
    """Tells one password of a channel from the next, and nothing about either."""
    return hashlib.sha256((password_hash or "").encode()).hexdigest()[:16]


def _view(record: BroadcastRecord) -> Broadcast:
    return Broadcast(
        id=record.id,
        title=record.title,
        state=record.state,
        started_ms=milliseconds(record.started_at),
        live_ms=milliseconds_or_none(record.live_at),
        ended_ms=milliseconds_or_none(record.ended_at),
        end_reason=record.end_reason,
        peak_viewers=record.peak_viewers,
    )
