"""Who may publish to a channel: who shows one of its stream keys, or a publish token."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage import secrets
from storage.access import channel_for_publisher
from storage.announced_channels import announce_channel
from storage.bus.messages import ChannelInfo
from storage.bus.redis import Bus
from storage.bus.topics import channel_key
from storage.model.account import AccountRole, AccountState
from storage.model.channel import Channel, StreamKey, Visibility
from storage.model.errors import ErrorCode, NotFound, Refused, Unavailable
from storage.model.ids import AccountId, ChannelId, ChannelName, channel_name
from storage.model.token import TokenType

if TYPE_CHECKING:
    from storage.opening import Storage

KEY_PREFIX = "fl_"
BY_KEY = "key:"
BY_ACCOUNT = "account:"


@dataclass(frozen=True, slots=True)
class Permit:
    """That somebody may publish to a channel. ``by`` tells by what right, for whoever ends what was revoked;
    ``digest`` is of what was shown.
    """

    channel: ChannelName
    id: ChannelId
    by: str
    digest: bytes
    key: StreamKey | None = None
    record: Channel | None = None


def by_key(key: str) -> str:
    """The right of a stream key, named by its record's id."""
    return f"{BY_KEY}{key}"


def by_account(account: str) -> str:
    """The right of an account that owns the channel."""
    return f"{BY_ACCOUNT}{account}"


async def own_channel(storage: "Storage", by: str, name: ChannelName) -> Channel | None:
    """The channel, if who publishes ``by`` being an account still may: it is theirs, and they are not banned.

    Raises:
        Unavailable: ``DATABASE_UNAVAILABLE``.
    """
    try:
        account = await storage.accounts.get(AccountId(by.removeprefix(BY_ACCOUNT)))
        channel = await storage.channels.get(name)
    except NotFound:
        return None
    owns = channel.owner == account.id or (channel.owner is None and account.role is AccountRole.OPERATOR)
    return channel if owns and account.state is AccountState.ACTIVE else None


class Publishing:
    """Checks what publishers show. A publish token is checked without the database."""

    def __init__(self, storage: "Storage") -> None:
        self._storage = storage

    async def permit(self, name: str, shown: str | None) -> Permit:
        """What ``shown``, a key or a token, allows.

        Raises:
            BadInput: ``CHANNEL_NAME_INVALID``.
            Refused: ``KEY_MISSING``, or ``KEY_REFUSED``: nothing tells a wrong one from an unknown channel.
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        if not shown or shown.startswith(KEY_PREFIX) or shown.count(".") != 2:
            publisher = await channel_for_publisher(self._storage.stream_keys, name, shown)
            channel, key = publisher.channel, publisher.key
            return Permit(channel.name, channel.id, by_key(key.id), key.digest, key, channel)
        checked = channel_name(name)
        try:
            token = self._storage.tokens.read(TokenType.PUBLISH, shown)
        except Refused:
            token = None
        if token is None or token.claims.get("name") != checked:
            raise _refused()
        return Permit(checked, ChannelId(str(token.claims.get("channel", ""))), by_account(token.subject), secrets.digest(shown))

    async def announce(self, permit: Permit) -> None:
        """Tell the media plane of the channel before its media comes. While the database is away, what was told last stays true, a
        channel nobody told of is closed, and a token's word is taken.

        Raises:
            Refused: ``KEY_REFUSED``; whom the token was given was banned meanwhile, or the channel is theirs no more.
            Unavailable: ``BUS_UNAVAILABLE``.
        """
        bus: Bus = self._storage.bus
        with suppress(Unavailable):
            # Of the bus's being away the read below tells.
            record = permit.record or await own_channel(self._storage, permit.by, permit.channel)
            if record is None:
                raise _refused()
            await announce_channel(bus, record)
            return
        if await bus.read(channel_key(permit.channel), ChannelInfo) is None:
            unknown = ChannelInfo(channel=permit.channel, id=permit.id, title="", visibility=Visibility.NAMED)
            await bus.register(channel_key(permit.channel), unknown, ttl=60)


def _refused() -> Refused:
    return Refused(ErrorCode.KEY_REFUSED, "The stream key is not valid for this channel.")
