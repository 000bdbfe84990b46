"""From what the directory and the records know to what the interface says."""

from datetime import datetime

from storage.access import Action, Granted
from storage.bus.messages import LatencyInfo
from storage.model.rendition import RenditionName
from web import pictures
from web.addresses import Addresses
from web.directory import Entry
from web.schema.channel import Channel, Picture
from web.schema.latency import Latency


def channel_view(
    entry: Entry, granted: Granted, addresses: Addresses, host: str, *, owner: str | None = None, followers: int = 0
) -> Channel:
    """A channel for a page that was asked for as ``host`` by whoever it was granted to."""
    record = granted.channel
    broadcast = entry.broadcast
    reachable = broadcast is not None and entry.state not in {"starting", "offline"}
    poster = broadcast.poster if broadcast and record.visibility.is_open else ""
    return Channel(
        channel=record.name,
        title=record.title or record.name,
        state=entry.state,
        started_ms=broadcast.started_ms if broadcast and reachable else entry.session.started_ms if entry.session else 0,
        viewers=entry.viewers,
        watch=f"/watch/{record.name}",
        embed=f"/embed/{record.name}",
        playlist=addresses.playlist(host, record.name),
        poster=addresses.poster(host, record.name, poster_version(poster)) if poster else "",
        picture=_picture(entry),
        latency=latency_view(entry.latency),
        description=record.description,
        category=record.category,
        tags=record.tags,
        language=record.language,
        mature=record.mature,
        visibility=record.visibility,
        owner=owner,
        avatar=pictures.path(record.picture),
        banner=pictures.path(record.banner),
        offline_picture=pictures.path(record.offline_picture),
        followers=followers,
        following=granted.standing.follows,
        can=tuple(action.value for action in Action if granted.may(action)),
        version=record.version,
    )


def milliseconds(moment: datetime) -> int:
    """As the interface tells times."""
    return round(moment.timestamp() * 1000)


def milliseconds_or_none(moment: datetime | None) -> int | None:
    """The same of a moment that may not have come."""
    return None if moment is None else milliseconds(moment)


def poster_version(key: str) -> str:
    """What changes when the poster does, and says nothing of the folder it lies in: its number, a time."""
    return key.rpartition("-")[2].removesuffix(".jpg")


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
