"""The one place that decides which database, bucket and bus are used."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from storage.bus.redis import Bus
from storage.clock import Clock, SystemClock
from storage.model.errors import BadInput, ErrorCode
from storage.objects.files import FileStore
from storage.objects.store import ObjectStore
from storage.settings import Settings

if TYPE_CHECKING:
    from storage.access import Access
    from storage.database.accounts import AccountRepository
    from storage.database.api_tokens import ApiTokenRepository
    from storage.database.audit import AuditLog
    from storage.database.bans import BanRepository
    from storage.database.blocks import BlockRepository
    from storage.database.broadcasts import BroadcastRepository
    from storage.database.call_invites import Invites
    from storage.database.call_log import CallLog
    from storage.database.calls import Calls
    from storage.database.channels import ChannelRepository
    from storage.database.chat_emotes import EmoteRepository
    from storage.database.chat_log import ChatLog
    from storage.database.chat_members import MemberRepository
    from storage.database.chat_messages import MessageRepository
    from storage.database.chat_polls import PollRepository
    from storage.database.chat_posts import PostRepository
    from storage.database.chat_search import ChatSearch
    from storage.database.engine import Database
    from storage.database.export import ExportRepository
    from storage.database.follows import FollowRepository
    from storage.database.idempotency import IdempotencyRepository
    from storage.database.identities import IdentityRepository
    from storage.database.moderation import ModerationRecords
    from storage.database.notifications import NotificationRepository
    from storage.database.one_time import OneTimeTokens
    from storage.database.registration import Registration
    from storage.database.roles import RoleRepository
    from storage.database.search import SearchRepository
    from storage.database.second_factors import SecondFactorRepository
    from storage.database.sessions import SessionRepository
    from storage.database.stream_keys import StreamKeyRepository
    from storage.database.webhooks import WebhookRepository
    from storage.key_ring import KeyRing
    from storage.passwords import Passwords
    from storage.signing import SigningKeys
    from storage.tokens import Tokens


class Storage:
    """What nodes share. Nothing of it costs anything before it is asked for: no role or command needs all."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    @cached_property
    def bus(self) -> Bus:
        """The bus at ``REDIS_URL``. Raises ``BadInput(SETTINGS_INVALID)`` if there is no ``REDIS_URL``, or it is none."""
        return _bus(self._settings, self._clock)

    @cached_property
    def objects(self) -> ObjectStore:
        """The bucket of ``FANLIGHT_S3_BUCKET``, or the folder ``objects`` below ``FANLIGHT_DATA``."""
        settings = self._settings
        if not settings.s3_bucket:
            return FileStore(settings.data / "objects")
        from storage.objects.s3 import S3Store

        return S3Store(
            endpoint=settings.s3_endpoint,
            bucket=settings.s3_bucket,
            region=settings.s3_region,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
            clock=self._clock,
        )

    @cached_property
    def database(self) -> "Database":
        """The database at ``DATABASE_URL``, or the SQLite file ``fanlight.db`` below ``FANLIGHT_DATA``."""
        from storage.database.engine import Database

        if self._settings.database_url:
            return Database(self._settings.database_url)
        self._settings.data.mkdir(parents=True, exist_ok=True)
        return Database(self._settings.data / "fanlight.db")

    @cached_property
    def channels(self) -> "ChannelRepository":
        """Channels."""
        from storage.database.channels import ChannelRepository

        return ChannelRepository(self.database, self._clock)

    @cached_property
    def calls(self) -> "Calls":
        """Calls."""
        from storage.database.calls import Calls

        return Calls(self.database, self._clock)

    @cached_property
    def call_invites(self) -> "Invites":
        """Invites into calls."""
        from storage.database.call_invites import Invites

        return Invites(self.database, self._clock)

    @cached_property
    def call_log(self) -> "CallLog":
        """Who was in which call."""
        from storage.database.call_log import CallLog

        return CallLog(self.database, self._clock)

    @cached_property
    def chat_log(self) -> "ChatLog":
        """What happened in channels' chats, in order."""
        from storage.database.chat_log import ChatLog

        return ChatLog(self.database, self._clock)

    @cached_property
    def emotes(self) -> "EmoteRepository":
        """The emotes of channels."""
        from storage.database.chat_emotes import EmoteRepository

        return EmoteRepository(self.database, self._clock)

    @cached_property
    def chat_search(self) -> "ChatSearch":
        """Finds messages."""
        from storage.database.chat_search import ChatSearch

        return ChatSearch(self.database, self._clock)

    @cached_property
    def members(self) -> "MemberRepository":
        """Who somebody is in a room."""
        from storage.database.chat_members import MemberRepository

        return MemberRepository(self.database, self._clock)

    @cached_property
    def messages(self) -> "MessageRepository":
        """Messages that are there."""
        from storage.database.chat_messages import MessageRepository

        return MessageRepository(self.database, self._clock)

    @cached_property
    def posts(self) -> "PostRepository":
        """Writes messages."""
        from storage.database.chat_posts import PostRepository

        return PostRepository(self.database, self._clock)

    @cached_property
    def polls(self) -> "PollRepository":
        """Polls in channels' chats."""
        from storage.database.chat_polls import PollRepository

        return PollRepository(self.database, self._clock)

    @cached_property
    def moderation(self) -> "ModerationRecords":
        """What the teams of channels work with."""
        from storage.database.moderation import ModerationRecords

        return ModerationRecords(self.database, self._clock)

    @cached_property
    def stream_keys(self) -> "StreamKeyRepository":
        """The keys that let publish to channels."""
        from storage.database.stream_keys import StreamKeyRepository

        return StreamKeyRepository(self.database, self._clock)

    @cached_property
    def roles(self) -> "RoleRepository":
        """Roles in channels."""
        from storage.database.roles import RoleRepository

        return RoleRepository(self.database, self._clock)

    @cached_property
    def bans(self) -> "BanRepository":
        """Who is banned from which channel."""
        from storage.database.bans import BanRepository

        return BanRepository(self.database, self._clock)

    @cached_property
    def follows(self) -> "FollowRepository":
        """Who follows which channel."""
        from storage.database.follows import FollowRepository

        return FollowRepository(self.database, self._clock)

    @cached_property
    def blocks(self) -> "BlockRepository":
        """Who wants to hear nothing of whom."""
        from storage.database.blocks import BlockRepository

        return BlockRepository(self.database, self._clock)

    @cached_property
    def notifications(self) -> "NotificationRepository":
        """What accounts are told in the application."""
        from storage.database.notifications import NotificationRepository

        return NotificationRepository(self.database, self._clock)

    @cached_property
    def broadcasts(self) -> "BroadcastRepository":
        """Past and running broadcasts."""
        from storage.database.broadcasts import BroadcastRepository

        return BroadcastRepository(self.database, self._clock)

    @cached_property
    def search(self) -> "SearchRepository":
        """Finds channels."""
        from storage.database.search import SearchRepository

        return SearchRepository(self.database, self._clock)

    @cached_property
    def access(self) -> "Access":
        """The gate through which somebody's request reaches a channel."""
        from storage.access import Access
        from storage.database.standings import StandingRepository

        return Access(StandingRepository(self.database, self._clock), self._clock)

    @cached_property
    def api_tokens(self) -> "ApiTokenRepository":
        """Personal API tokens."""
        from storage.database.api_tokens import ApiTokenRepository

        return ApiTokenRepository(self.database, self._clock)

    @cached_property
    def identities(self) -> "IdentityRepository":
        """Logins at providers."""
        from storage.database.identities import IdentityRepository

        return IdentityRepository(self.database, self._clock)

    @cached_property
    def second_factors(self) -> "SecondFactorRepository":
        """Second factors. Raises ``BadInput(SETTINGS_INVALID)`` without ``FANLIGHT_SECRET``."""
        from storage.database.second_factors import SecondFactorRepository
        from storage.sealing import Sealer

        return SecondFactorRepository(self.database, Sealer(self._settings.secret, "second-factors"), self._clock)

    @cached_property
    def sessions(self) -> "SessionRepository":
        """Who is signed in where."""
        from storage.database.sessions import SessionRepository

        return SessionRepository(self.database, self._clock)

    @cached_property
    def accounts(self) -> "AccountRepository":
        """Who there is."""
        from storage.database.accounts import AccountRepository

        return AccountRepository(self.database, self._clock)

    @cached_property
    def idempotency(self) -> "IdempotencyRepository":
        """Requests that must not be done twice."""
        from storage.database.idempotency import IdempotencyRepository

        return IdempotencyRepository(self.database, self._clock)

    @cached_property
    def one_time(self) -> "OneTimeTokens":
        """Links that work once."""
        from storage.database.one_time import OneTimeTokens

        return OneTimeTokens(self.database, self._clock)

    @cached_property
    def registration(self) -> "Registration":
        """Signing up, and what else a one-time link does to an account."""
        from storage.database.registration import Registration

        return Registration(self.database, self._clock)

    @cached_property
    def audit(self) -> "AuditLog":
        """Who did what."""
        from storage.database.audit import AuditLog

        return AuditLog(self.database, self._clock)

    @cached_property
    def webhooks(self) -> "WebhookRepository":
        """Who is told of events, and what is on its way there."""
        from storage.database.webhooks import WebhookRepository

        return WebhookRepository(self.database, self._clock)

    @cached_property
    def export(self) -> "ExportRepository":
        """Everything that is kept about an account."""
        from storage.database.export import ExportRepository

        return ExportRepository(self.database)

    @cached_property
    def passwords(self) -> "Passwords":
        """Hashes of passwords, and the threads they are made in."""
        from storage.passwords import Passwords

        return Passwords()

    @cached_property
    def keys(self) -> "KeyRing":
        """The keys that vouch for tokens, as far as this process knows: see :attr:`signing` and :mod:`storage.announced_keys`."""
        from storage.key_ring import KeyRing

        return KeyRing(self._clock)

    @cached_property
    def tokens(self) -> "Tokens":
        """Signed tokens, by :attr:`keys`."""
        from storage.tokens import Tokens

        return Tokens(self.keys, self._clock)

    @cached_property
    def signing(self) -> "SigningKeys":
        """Keeps :attr:`keys` filled from the database. Raises ``BadInput(SETTINGS_INVALID)`` without ``FANLIGHT_SECRET``."""
        from storage.database.signing_keys import SigningKeyRepository
        from storage.sealing import Sealer
        from storage.signing import SigningKeys

        sealer = Sealer(self._settings.secret, "signing-keys")
        return SigningKeys(SigningKeyRepository(self.database), sealer, self.keys, self._clock)

    async def close(self) -> None:
        """Close what was opened."""
        if "passwords" in self.__dict__:
            self.passwords.close()
        if "bus" in self.__dict__:
            await self.bus.close()
        if "objects" in self.__dict__:
            await self.objects.close()
        if "database" in self.__dict__:
            await self.database.close()


@asynccontextmanager
async def open_bus(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Bus]:
    """The bus at ``REDIS_URL``. Does not wait for it to answer.

    Raises:
        BadInput: ``SETTINGS_INVALID``; there is no ``REDIS_URL``, or it is none.
    """
    bus = _bus(settings, clock or SystemClock())
    try:
        yield bus
    finally:
        await bus.close()


@asynccontextmanager
async def open_storage(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Storage]:
    """Everything nodes share. Does not wait for any of it to answer."""
    storage = Storage(settings, clock or SystemClock())
    try:
        yield storage
    finally:
        await storage.close()


def check_split(settings: Settings, roles: Collection[str], *, one_machine: bool = False) -> None:
    """Refuse what can't work when roles run as nodes of their own. With ``one_machine`` they share its files.

    Raises:
        BadInput: ``SETTINGS_INVALID``, one sentence per problem, all problems at once.
    """
    problems = []
    if not settings.redis_url:
        problems.append("REDIS_URL is not set: nodes find each other through it.")
    if not settings.secret and not {"web", "ingest", "transcoder", "chat"}.isdisjoint(roles):
        problems.append("FANLIGHT_SECRET is not set: all nodes need the same one.")
    if not one_machine:
        if not {"web", "chat"}.isdisjoint(roles) and (not settings.database_url or settings.database_url.startswith("sqlite")):
            problems.append("DATABASE_URL must name a PostgreSQL database: nodes can't share an SQLite file.")
        if not settings.s3_bucket and not {"transcoder", "edge", "web"}.isdisjoint(roles):
            problems.append("FANLIGHT_S3_BUCKET is not set: nodes can't share a folder.")
        if "ingest" in roles and "transcoder" not in roles and not settings.relay_port:
            problems.append("FANLIGHT_RELAY_PORT is not set: transcoder nodes read an ingest node's media through it.")
    if problems:
        raise BadInput(ErrorCode.SETTINGS_INVALID, " ".join(problems))


def _bus(settings: Settings, clock: Clock) -> Bus:
    if not settings.redis_url:
        raise BadInput(ErrorCode.SETTINGS_INVALID, "REDIS_URL is not set; only `fanlight up` brings its own bus.")
    return Bus(settings.redis_url, clock)
