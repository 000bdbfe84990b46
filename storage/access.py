"""The gate through which somebody's request reaches a record."""

from storage.database.channels import ChannelRepository
from storage.model.channel import Channel
from storage.model.errors import ErrorCode, NotFound, Refused
from storage.model.ids import channel_name


async def channel_for_publisher(channels: ChannelRepository, name: str, key: str | None) -> tuple[Channel, bytes]:
    """The channel that ``key`` lets its holder publish to, and the digest of that key.

    Raises:
        BadInput: ``CHANNEL_NAME_INVALID``.
        Refused: ``KEY_MISSING``, or ``KEY_REFUSED``: a wrong key and an unknown channel look the same.
        Unavailable: ``DATABASE_UNAVAILABLE``.
    """
    checked = channel_name(name)
    if not key:
        raise Refused(ErrorCode.KEY_MISSING, "Publishing needs the channel's stream key as a bearer token.")
    digest = await channels.verify_key(checked, key)
    try:
        return await channels.get(checked), digest
    except NotFound:
        raise Refused(ErrorCode.KEY_REFUSED, "The stream key is not valid for this channel.") from None
