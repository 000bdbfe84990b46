"""From what the directory knows to what the interface says."""

from storage.bus.messages import LatencyInfo
from storage.model.rendition import RenditionName
from web.addresses import Addresses
from web.directory import Entry
from web.schema.channel import Channel, Picture
from web.schema.latency import Latency


def channel_view(entry: Entry, title: str, addresses: Addresses, host: str) -> Channel:
    """A channel for a page that was asked for as ``host``."""
    broadcast = entry.broadcast
    reachable = broadcast is not None and entry.state not in {"starting", "offline"}
    return Channel(
        channel=entry.channel,
        title=title or entry.channel,
        state=entry.state,
        started_ms=broadcast.started_ms if broadcast and reachable else entry.session.started_ms if entry.session else 0,
        viewers=entry.viewers,
        watch=f"/watch/{entry.channel}",
        embed=f"/embed/{entry.channel}",
        playlist=addresses.playlist(host, entry.channel),
        poster=addresses.poster(host, entry.channel, poster_version(broadcast.poster)) if broadcast and broadcast.poster else "",
        picture=_picture(entry),
        latency=latency_view(entry.latency),
    )


def poster_version(key: str) -> str:
    """What changes when the poster does: the object's name holds the broadcast's random id and a number."""
    return "-".join(key.removesuffix(".jpg").split("/")[-2:])


def latency_view(info: LatencyInfo | None) -> Latency | None:
    """What players report, or nothing where none did."""
    return Latency(players=info.players, p50_ms=info.p50_ms, p95_ms=info.p95_ms) if info else None


def _picture(entry: Entry) -> Picture | None:
    broadcast = entry.broadcast
    if broadcast is None:
        return None
    video = next((r for r in broadcast.renditions if r.name is RenditionName.VIDEO), None)
    if video is None:
        return None
    return Picture(width=video.width, height=video.height, frame_rate=video.frame_rate, lane=broadcast.lane)
