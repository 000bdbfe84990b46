"""The seam between ingest and transcoder: a session's last seconds of access units, and readers that follow it at their own pace.

The ring keeps about ten seconds and always the newest keyframe with all that came after it, within a bound of bytes. A reader
that falls out of the ring goes on at the newest keyframe; what it missed is counted and it is told. No I/O, no clock.
"""

from collections import deque
from collections.abc import Callable, Mapping

from ingest.frames import Dropped, End, Silence
from ingest.track import NegotiatedTrack
from storage.bus.messages import TrackInfo
from storage.model.broadcast import PublishEnd
from storage.model.ids import SessionId
from storage.model.media import AccessUnit, TrackKind

KEPT_NS = 10_000_000_000
KEPT_BYTES = 32 * 1024 * 1024
KEPT_UNITS = 8192

_ENDED_KEPT = 4
_TAKE_BYTES = 256 * 1024

Item = AccessUnit | Dropped | Silence | End
Notify = Callable[[AccessUnit | None], None]
"""Called with every unit, and with None where something else is to be told at once."""


class Feed:
    """One session's units. ``want_keyframe`` asks its publisher for a keyframe; whoever gives it limits the rate."""

    def __init__(self, tracks: tuple[NegotiatedTrack, ...], want_keyframe: Callable[[], None]) -> None:
        self.tracks = tuple(TrackInfo(kind=track.kind, codec=track.codec, channels=track.channels) for track in tracks)
        self.want_keyframe = want_keyframe
        self.ended: PublishEnd | None = None
        self.silent = False
        self.bytes = 0
        self.dropped = 0
        self.first = 0
        self.units: deque[AccessUnit] = deque()
        self._keyframe = -1
        self._subscriptions: set[Subscription] = set()
        self._notifies: tuple[Notify, ...] = ()

    @property
    def end_index(self) -> int:
        """One past the index of the newest unit; ``units[0]`` has the index ``first``."""
        return self.first + len(self.units)

    @property
    def readers(self) -> int:
        """How many subscriptions are open."""
        return len(self._subscriptions)

    def append(self, unit: AccessUnit) -> None:
        """Add the newest unit. Nothing is added after the end."""
        if self.ended is not None:
            return
        units = self.units
        units.append(unit)
        self.bytes += len(unit.data)
        video = unit.kind is TrackKind.VIDEO
        if video and unit.keyframe:
            self._keyframe = self.first + len(units) - 1
        self._evict(unit.capture_ns)
        for notify in self._notifies:
            notify(unit)

    def silence(self, silent: bool) -> None:
        """The publisher went quiet, or is back."""
        if silent != self.silent:
            self.silent = silent
            self._wake()

    def end(self, reason: PublishEnd) -> None:
        """No more units will come; readers get what is left and then the end. The first reason counts."""
        if self.ended is None:
            self.ended = reason
            self._wake()

    def subscribe(self, after: Mapping[int, int], notify: Notify) -> "Subscription":
        """Follow the feed, per track behind the sequence number in ``after`` or from the newest keyframe (audio: from the same
        capture time).
        """
        subscription = Subscription(self, after, notify)
        self._subscriptions.add(subscription)
        self._notifies = tuple(each.notify for each in self._subscriptions)
        return subscription

    def unsubscribe(self, subscription: "Subscription") -> None:
        """The reader is gone."""
        self._subscriptions.discard(subscription)
        self._notifies = tuple(each.notify for each in self._subscriptions)

    def newest_keyframe(self) -> AccessUnit | None:
        """The newest video keyframe in the ring."""
        return self.units[self._keyframe - self.first] if self._keyframe >= self.first else None

    def _wake(self) -> None:
        for notify in self._notifies:
            notify(None)

    def _evict(self, now_ns: int) -> None:
        units = self.units
        while len(units) > 1:
            oldest = units[0]
            over = self.bytes > KEPT_BYTES or len(units) > KEPT_UNITS
            # A clock that was set makes everything before it old.
            aged = not -KEPT_NS <= now_ns - oldest.capture_ns <= KEPT_NS and (self._keyframe < 0 or self.first < self._keyframe)
            if not (over or aged):
                return
            units.popleft()
            self.first += 1
            self.bytes -= len(oldest.data)


class Subscription:
    """One reader's place in a feed. ``dropped`` counts the units it missed."""

    def __init__(self, feed: Feed, after: Mapping[int, int], notify: Notify) -> None:
        self.notify = notify
        self.dropped = 0
        self._feed = feed
        self._position = feed.first
        self._seen = {kind: number for kind, number in after.items() if number <= self._newest(kind)}
        self._from: dict[int, int] = {}
        self._news: list[Item] = []
        self._silent = False
        self._start()

    def take(self) -> list[Item]:
        """What is next, at most about 256 KiB at a time; empty where the reader has everything."""
        feed = self._feed
        items = self._news
        self._news = []
        if self._silent and not feed.silent:
            self._silent = False
            items.append(Silence(silent=False))
        if self._position < feed.first:
            self._fall_behind(items)
        size = 0
        units, first = feed.units, feed.first
        while size < _TAKE_BYTES and self._position < first + len(units):
            unit = units[self._position - first]
            self._position += 1
            if self._wants(unit):
                items.append(unit)
                size += len(unit.data)
        if self._position == feed.end_index:
            if feed.silent and not self._silent:
                self._silent = True
                items.append(Silence(silent=True))
            if feed.ended is not None:
                items.append(End(reason=feed.ended))
        return items

    def close(self) -> None:
        """The reader is gone."""
        self._feed.unsubscribe(self)

    def _wants(self, unit: AccessUnit) -> bool:
        kind = unit.kind
        start = self._from.get(kind)
        if start is None:
            # Of this video track no keyframe was there yet.
            if not unit.keyframe:
                return False
            self._from[kind] = start = unit.sequence
        if unit.sequence < start:
            return False
        self._seen[kind] = unit.sequence
        return True

    def _newest(self, kind: int) -> int:
        return next((unit.sequence for unit in reversed(self._feed.units) if unit.kind == kind), 0)

    def _start(self) -> None:
        """Set the sequence number to start from for each track: as near as can be behind what the reader has."""
        video = TrackKind.VIDEO
        seen = self._seen.get(video)
        begin = self._feed.newest_keyframe() if seen is None else self._next_decodable(seen)
        self._begin_video(begin, seen, self._news)
        heard = self._seen.get(TrackKind.AUDIO)
        self._begin_audio(self._sounding_at(begin) if heard is None else heard + 1, heard, self._news)

    def _fall_behind(self, items: list[Item]) -> None:
        """The ring has moved past the reader: go on at the newest keyframe."""
        feed = self._feed
        self._position = feed.first
        seen, heard = self._seen.get(TrackKind.VIDEO), self._seen.get(TrackKind.AUDIO)
        keyframe = feed.newest_keyframe()
        if keyframe is not None and seen is not None and keyframe.sequence <= seen:
            keyframe = None
        begin = keyframe or (None if seen is None else self._next_decodable(seen))
        self._begin_video(begin, seen, items)
        start = (heard or 0) + 1
        self._begin_audio(start if keyframe is None else max(start, self._sounding_at(keyframe)), heard, items)

    def _next_decodable(self, seen: int) -> AccessUnit | None:
        """The oldest unit that can be decoded by a reader that has seen ``seen``."""
        following = (unit for unit in self._feed.units if unit.kind is TrackKind.VIDEO and unit.sequence > seen)
        return next((unit for unit in following if unit.keyframe or unit.sequence == seen + 1), None)

    def _begin_video(self, begin: AccessUnit | None, seen: int | None, items: list[Item]) -> None:
        kind = TrackKind.VIDEO
        if begin is not None:
            self._from[kind] = begin.sequence
            if seen is not None:
                self._missed(kind, begin.sequence - seen - 1, items)
        elif seen is not None and self._newest(kind) == seen:
            self._from[kind] = seen + 1
        else:
            self._from.pop(kind, None)

    def _begin_audio(self, start: int, heard: int | None, items: list[Item]) -> None:
        kind = TrackKind.AUDIO
        oldest = next((unit.sequence for unit in self._feed.units if unit.kind is kind), start)
        self._from[kind] = start
        if heard is not None:
            self._missed(kind, max(start, oldest) - heard - 1, items)

    def _sounding_at(self, video: AccessUnit | None) -> int:
        """The audio unit that sounds when ``video`` is shown; the newest where there is no video."""
        start = 0
        for unit in reversed(self._feed.units):
            if unit.kind is TrackKind.AUDIO:
                start = unit.sequence
                if video is None or unit.capture_ns <= video.capture_ns:
                    break
        return start

    def _missed(self, kind: TrackKind, count: int, items: list[Item]) -> None:
        if count > 0:
            self.dropped += count
            self._feed.dropped += count
            items.append(Dropped(kind=kind, count=count))


class Feeds:
    """The feeds of a node's sessions. An ended one stays for its readers, the last four also without any."""

    def __init__(self) -> None:
        self._feeds: dict[SessionId, Feed] = {}

    def open(self, session: SessionId, tracks: tuple[NegotiatedTrack, ...], want_keyframe: Callable[[], None]) -> Feed:
        """A new session's feed."""
        ended = [name for name, feed in self._feeds.items() if feed.ended is not None and not feed.readers]
        for name in ended[: max(0, len(ended) - _ENDED_KEPT)]:
            del self._feeds[name]
        feed = self._feeds[session] = Feed(tracks, want_keyframe)
        return feed

    def find(self, session: SessionId) -> Feed | None:
        """The feed of a session that is live or ended a moment ago."""
        return self._feeds.get(session)

    def forget(self, session: SessionId) -> None:
        """The session is long over."""
        self._feeds.pop(session, None)

    def __len__(self) -> int:
        return len(self._feeds)
