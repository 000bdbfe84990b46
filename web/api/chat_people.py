"""Who writes in a channel, and what its team knows of them."""

from chat.moderation import Moderation
from chat.team import Team
from storage.clock import Clock, utc_now
from storage.model.account import Actor, Scope
from storage.model.channel import Standing
from storage.model.chat import AGAINST_SOMEBODY, ModerationAction, may, rank
from storage.model.errors import ErrorCode
from storage.model.moderation import CardRecord
from web import pictures
from web.api.chat_views import chatter_view, done, note_view
from web.api.paging import PageRequest
from web.api.route import Noun, Who
from web.api.views import milliseconds, milliseconds_or_none
from web.schema.chat_moderation import Chatter, Done, NewNote, Note, UserCard, WrittenMessage
from web.schema.paging import Page

NOUN = Noun("chat_people", "Who writes in channels' chats.")
_ERRORS = (ErrorCode.CHANNEL_NOT_FOUND, ErrorCode.NOT_ALLOWED)
_OF_ACCOUNTS = (*_ERRORS, ErrorCode.ACCOUNT_NOT_FOUND)


class ChatPeopleRoutes:
    """The team's."""

    def __init__(self, team: Team, moderation: Moderation, clock: Clock) -> None:
        self._team = team
        self._moderation = moderation
        self._clock = clock

    @NOUN.route("GET", "/channels/{name}/chat/chatters", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_ERRORS)
    async def chatters(self, name: str, actor: Actor, page: PageRequest) -> Page[Chatter]:
        """Who wrote last, newest first."""
        granted = await self._team.granted(actor, ModerationAction.NOTE, name)
        found = await self._team.records.people.active(granted.channel.id, before=page.after, limit=page.limit + 1)
        return page.of(found, lambda one: one[0], lambda one: chatter_view(one[1]))

    @NOUN.route("GET", "/channels/{name}/chat/users/{account}", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_OF_ACCOUNTS)
    async def card(self, name: str, account: str, actor: Actor) -> UserCard:
        """Everything about an account in the channel at once."""
        granted = await self._team.granted(actor, ModerationAction.NOTE, name)
        other = await self._team.account(account)
        found = await self._team.records.people.card(granted.channel.id, other.id)
        return self._card(found, granted.standing)

    @NOUN.route("GET", "/channels/{name}/chat/users/{account}/messages", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_OF_ACCOUNTS)
    async def messages(self, name: str, account: str, actor: Actor, page: PageRequest) -> Page[WrittenMessage]:
        """What an account wrote in the channel, newest first, whatever became of it."""
        granted = await self._team.granted(actor, ModerationAction.NOTE, name)
        other = await self._team.account(account)
        found = await self._team.records.people.messages(granted.channel.id, other.id, before=page.after, limit=page.limit + 1)
        return page.of(found, lambda one: one[0].id, lambda one: WrittenMessage(message=one[0], state=one[1]))

    @NOUN.route("GET", "/channels/{name}/chat/users/{account}/notes", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_OF_ACCOUNTS)
    async def notes(self, name: str, account: str, actor: Actor, page: PageRequest) -> Page[Note]:
        """What the team wrote down about an account, newest first."""
        granted = await self._team.granted(actor, ModerationAction.NOTE, name)
        other = await self._team.account(account)
        found = await self._team.records.notes.list(granted.channel.id, other.id, before=page.after, limit=page.limit + 1)
        return page.of(found, lambda note: note.id, note_view)

    @NOUN.route(
        "POST",
        "/channels/{name}/chat/users/{account}/notes",
        who=Who.ACCOUNT,
        scope=Scope.MODERATE,
        status=201,
        errors=(*_OF_ACCOUNTS, ErrorCode.LIMIT_REACHED),
    )
    async def add_note(self, name: str, account: str, actor: Actor, body: NewNote) -> Note:
        """Write something down about an account, for the team."""
        identifier = await self._moderation.note(actor, name, account, body.text)
        author = actor.account.name if actor.account else None
        return Note(id=identifier, author=author, text=body.text.strip(), created_ms=milliseconds(utc_now(self._clock)))

    @NOUN.route("DELETE", "/channels/{name}/chat/users/{account}/notes/{note}", who=Who.ACCOUNT, scope=Scope.MODERATE, errors=_OF_ACCOUNTS)
    async def remove_note(self, name: str, account: str, note: str, actor: Actor) -> Done:
        """Take a note out, for good."""
        return done(await self._moderation.remove_note(actor, name, account, note))

    def _card(self, found: CardRecord, asker: Standing) -> UserCard:
        subject = Standing(
            signed_in=True,
            operator=found.operator,
            owner=found.owner,
            role=found.chatter.role,
            follows=found.followed_at is not None,
            banned=found.ban_reason is not None,
        )
        return UserCard(
            chatter=chatter_view(found.chatter),
            avatar=pictures.path(found.avatar),
            created_ms=milliseconds(found.created_at),
            verified=found.verified,
            owner=found.owner,
            operator=found.operator,
            followed_ms=milliseconds_or_none(found.followed_at),
            banned=found.ban_reason is not None,
            ban_reason=found.ban_reason or "",
            banned_until_ms=milliseconds_or_none(found.banned_until),
            deleted=found.deleted,
            notes=found.notes,
            actions={action.value: count for action, count in found.actions.items()},
            rank=rank(subject, found.chatter.member, utc_now(self._clock)).name.lower(),
            can=tuple(action for action in ModerationAction if action in AGAINST_SOMEBODY and may(asker, action, subject)),
        )
