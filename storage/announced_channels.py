"""Telling the media plane what it must know of a channel: it asks no database."""

from storage.bus.messages import ChannelInfo
from storage.bus.redis import Bus
from storage.bus.topics import channel_key
from storage.model.channel import Channel

CHANNEL_TTL = 600.0


async def announce_channel(bus: Bus, channel: Channel) -> None:
    """Say what a channel is now. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
    await keep_announced(bus, info_of(channel))
    await bus.announce_change(channel.name)


async def keep_announced(bus: Bus, info: ChannelInfo) -> None:
    """Say for longer what was said. Raises ``Unavailable(BUS_UNAVAILABLE)``."""
    await bus.register(channel_key(info.channel), info, ttl=CHANNEL_TTL)


def info_of(channel: Channel) -> ChannelInfo:
    """What is said of a channel."""
    return ChannelInfo(channel=channel.name, id=channel.id, title=channel.title, visibility=channel.visibility)
