"""The little of a media playlist a probe needs: what can be downloaded, in order."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


@dataclass(frozen=True, slots=True)
class Listed:
    """A part, or a whole segment where its parts are no longer listed (``part`` is then -1). ``program_ms`` is of its segment."""

    msn: int
    part: int
    uri: str
    duration: float
    independent: bool
    gap: bool
    init: str
    discontinuity: bool
    program_ms: float | None


@dataclass(slots=True)
class MediaPlaylist:
    """One response. ``next_msn`` and ``next_part`` are what a blocking reload asks for."""

    items: list[Listed] = field(default_factory=list)
    ended: bool = False
    next_msn: int = 0
    next_part: int = 0
    media_sequence: int = 0
    part_target: float = 0.0


def attributes(text: str) -> dict[str, str]:
    """An attribute list, quotes taken off."""
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(text)}


def parse(text: str, url: str) -> MediaPlaylist:
    """Read a media playlist that came from ``url``."""
    playlist = MediaPlaylist(ended="#EXT-X-ENDLIST" in text)
    state = _Segment()
    duration = 0.0
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == "#EXT-X-MEDIA-SEQUENCE":
            playlist.media_sequence = playlist.next_msn = int(value)
        elif name == "#EXT-X-PART-INF":
            playlist.part_target = float(attributes(value)["PART-TARGET"])
        elif name == "#EXTINF":
            duration = float(value.split(",")[0])
        elif name == "#EXT-X-PART":
            found = attributes(value)
            flags = {flag: found.get(flag) == "YES" for flag in ("INDEPENDENT", "GAP")}
            playlist.items.append(
                state.listed(playlist.next_msn, urljoin(url, found["URI"]), float(found["DURATION"]), flags["INDEPENDENT"], flags["GAP"])
            )
            state.parts += 1
        elif line and not line.startswith("#"):
            if state.parts == 0:
                state.parts = -1
                playlist.items.append(state.listed(playlist.next_msn, urljoin(url, line), duration, True, False))
            playlist.next_msn += 1
            state = _Segment(init=state.init)
        else:
            state.read(name, value, url)
    playlist.next_part = state.parts
    return playlist


@dataclass(slots=True)
class _Segment:
    """What was said of the segment being read."""

    init: str = ""
    discontinuity: bool = False
    program_ms: float | None = None
    parts: int = 0

    def read(self, name: str, value: str, url: str) -> None:
        if name == "#EXT-X-MAP":
            self.init = urljoin(url, attributes(value)["URI"])
        elif name == "#EXT-X-DISCONTINUITY":
            self.discontinuity = True
        elif name == "#EXT-X-PROGRAM-DATE-TIME":
            self.program_ms = datetime.fromisoformat(value).timestamp() * 1000

    def listed(self, msn: int, uri: str, duration: float, independent: bool, gap: bool) -> Listed:
        discontinuity = self.discontinuity and self.parts <= 0
        return Listed(msn, self.parts, uri, duration, independent, gap, self.init, discontinuity, self.program_ms)
