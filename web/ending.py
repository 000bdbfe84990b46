"""Ending broadcasts whose channel or right to be is gone."""

from collections.abc import Iterable
from contextlib import suppress

from storage.bus.messages import EndCall
from storage.bus.redis import Bus
from storage.model.errors import FanlightError
from storage.model.ids import ChannelName, node_of
from web.directory import Directory

CALL_SECONDS = 2.0


async def end_broadcasts(bus: Bus, directory: Directory, channels: Iterable[ChannelName]) -> None:
    """Tell the ingest nodes to close what is published to these channels. A node that does not answer is left to itself."""
    for channel in channels:
        session = directory.entry(channel).session
        if session is not None:
            with suppress(FanlightError):
                await bus.call(node_of(session.session), EndCall(session=session.session, channel=channel), deadline=CALL_SECONDS)
