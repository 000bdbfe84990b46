"""One rendition's playlists: rendered once per version, answered from memory, waited for at a gate."""

from storage.bus.messages import BroadcastInfo
from storage.model.rendition import RenditionName
from transcoder.hls.playlist import Skip, render_media
from transcoder.hls.window import LiveWindow, Position
from web.edge import answers
from web.edge.answers import CacheRules, Playlist
from web.edge.audience import Audience
from web.edge.gate import Gate
from web.edge.routes import MediaRequest

MOST_QUERIES = 512
"""Different queries remembered per version."""

Wanted = tuple[int | None, int | None, Skip]


class RenditionDelivery:
    """``known`` maps a query as it came to its answer, for as long as the version lasts: what almost every request hits."""

    def __init__(
        self, name: RenditionName, info: BroadcastInfo, *, window: LiveWindow, gate: Gate[Wanted, Playlist], audience: Audience
    ) -> None:
        self.name = name
        self.gate = gate
        self.audience = audience
        self.known: dict[str, Playlist] = {}
        self.rendered = 0
        self._info = info
        self._rules = CacheRules(info.target_duration)
        self._window = window
        self._versions: dict[tuple[Skip, bool], Playlist] = {}

    def find(self, request: MediaRequest, query: str) -> Playlist | Position:
        """The playlist, if what the request wants is in it."""
        position = self._position(request.msn, request.part)
        if position is not Position.READY:
            return position
        found = self._playlist(request.skip, blocking=request.msn is not None)
        if len(self.known) < MOST_QUERIES:
            self.known[query] = found
        return found

    def changed(self) -> None:
        """The window changed: render anew when asked, and answer whoever waited for this."""
        self.known.clear()
        self._versions.clear()
        for wanted in self.gate.wanted():
            msn, part, skip = wanted
            if self._position(msn, part) is Position.READY:
                self.gate.settle(wanted, self._playlist(skip, blocking=msn is not None))

    def _position(self, msn: int | None, part: int | None) -> Position:
        window = self._window.rendition(self.name)
        if window is None or window.last_part is None:
            # Nothing can be listed yet (or again, behind a hole): whatever is asked for waits for the first part.
            return Position.NOT_YET if not self._window.ended else Position.GONE
        return Position.READY if msn is None else self._window.position(self.name, msn, part)

    def _playlist(self, skip: Skip, *, blocking: bool) -> Playlist:
        ended = self._window.ended
        version = (Skip.NO if ended else skip, blocking)
        if version not in self._versions:
            self.rendered += 1
            self._versions[version] = answers.playlist(
                render_media(
                    self._window.renditions[self.name],
                    part_target=self._info.part_target,
                    target_duration=self._info.target_duration,
                    hold_back=self._info.hold_back,
                    low_latency=True,
                    prefix=f"{self._info.broadcast}/",
                    siblings={f"../{name}/media.m3u8": window for name, window in self._window.renditions.items() if name is not self.name},
                    skip=version[0],
                ),
                self._rules.blocking if blocking else self._rules.plain,
            )
        return self._versions[version]
