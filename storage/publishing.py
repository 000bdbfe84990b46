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
from storage.model.channel import Channel, StreamKey, Visibility
from storage.model.errors import ErrorCode, NotFound, Refused, Unavailable
from storage.model.ids import ChannelId, ChannelName, channel_name
from storage.model.token import TokenType

if TYPE_CHECKING:
    from storage.opening import Storage

KEY_PREFIX = "fl_"


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
    return f"key:{key}"


def by_account(account: str) -> str:
    """The right of an account that owns the channel."""
    return f"account:{account}"


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
            raise Refused(ErrorCode.KEY_REFUSED, "The stream key is not valid for this channel.")
        return Permit(checked, ChannelId(str(token.claims.get("channel", ""))), by_account(token.subject), secrets.digest(shown))

    async def announce(self, permit: Permit) -> None:
        """Tell the media plane of the channel before its media comes. While the database is away, what was told last stays true; a
        channel nobody told of is closed.

        Raises:
            Unavailable: ``BUS_UNAVAILABLE``.
        """
        bus: Bus = self._storage.bus
        with suppress(Unavailable, NotFound):
            # Of the bus's being away the read below tells.
            record = permit.record or await self._storage.channels.by_id(permit.id)
            await announce_channel(bus, record)
            return
        if await bus.read(channel_key(permit.channel), ChannelInfo) is None:
            unknown = ChannelInfo(channel=permit.channel, id=permit.id, title="", visibility=Visibility.NAMED)
            await bus.register(channel_key(permit.channel), unknown, ttl=60)
