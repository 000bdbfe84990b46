"""What all media playlists of a presentation share, and the rules that need more than one of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx

from tests.conformance import static
from tests.conformance.findings import Findings
from tests.conformance.playlist import MediaPlaylist, MultivariantPlaylist

if TYPE_CHECKING:
    from tests.conformance.track import Track

JITTER = 0.5
"""Seconds a machine and a network may add to what is measured by the clock, unless a watch is told otherwise."""


class Presentation:
    def __init__(self, client: httpx.AsyncClient, findings: Findings, *, jitter: float = JITTER) -> None:
        self.client = client
        self.jitter = jitter
        self.findings = findings
        self.url = ""
        self.multivariant: MultivariantPlaylist | None = None
        self.tracks: dict[str, Track] = {}
        self.appeared: dict[tuple[int, int], dict[str, float]] = {}
        self.bits: dict[int, dict[str, tuple[int, float]]] = {}

    async def get(self, url: str, *, gzip: bool = False) -> tuple[httpx.Response, float]:
        """A response and how long it took in seconds."""
        began = time.monotonic()
        response = await self.client.get(url, headers={"accept-encoding": "gzip" if gzip else "identity"})
        return response, time.monotonic() - began

    def known(self) -> dict[str, tuple[int, int]]:
        """Where every track is known to be by now."""
        return {url: track.latest.last for url, track in self.tracks.items() if track.latest and track.latest.last}

    def reports(self, url: str, playlist: MediaPlaylist, known: dict[str, tuple[int, int]]) -> None:
        """Rendition reports of a playlist whose request was sent when the others were at ``known``."""
        add = self.findings.add
        found: dict[str, tuple[int, int | None]] = {}
        for report in playlist.reports:
            uri = report.get("URI", "")
            if "://" in uri or uri.startswith("/"):
                add("RR2", url, f"report of {uri}, not relative to the playlist")
            if "LAST-MSN" not in report or (playlist.part_target is not None and "LAST-PART" not in report):
                add("RR3", url, f"report of {uri} lacks its position")
                continue
            found[urljoin(url, uri)] = (int(report["LAST-MSN"]), int(report["LAST-PART"]) if "LAST-PART" in report else -1)
        for other in self.tracks:
            if other == url:
                continue
            if other not in found:
                if other in known:
                    add("RR1", url, f"no report of {other}")
            elif other in known and found[other] < known[other]:
                add("RR4", url, f"report of {other} says {found[other]}, it was at {known[other]} before")

    def saw(self, url: str, position: tuple[int, int], when: float) -> None:
        """A part was first seen in a playlist. ``when`` in seconds of the monotonic clock."""
        self.appeared.setdefault(position, {}).setdefault(url, when)

    def measured(self, url: str, msn: int, size: int, duration: float) -> None:
        """A whole segment's size in bytes and duration in seconds."""
        self.bits.setdefault(msn, {})[url] = (size * 8, duration)

    def conclude(self) -> None:
        """Rules over the whole watch."""
        where = self.url or "all playlists"
        latest = {url: track.latest for url, track in self.tracks.items() if track.latest}
        self.findings.extend(where, static.together(latest))
        target = max((track.latest.part_target or 0.0 for track in self.tracks.values() if track.latest), default=0.0)
        if len(self.tracks) > 1 and target:
            for position, times in self.appeared.items():
                apart = max(times.values()) - min(times.values())
                if len(times) == len(self.tracks) and apart > target + self.jitter:
                    self.findings.add("RR5", where, f"part {position} came {apart:.2f} s apart in different renditions")
        self._bandwidth()
        self._codecs()

    def _bandwidth(self) -> None:
        if self.multivariant is None:
            return
        for variant, uri in self.multivariant.variants:
            urls = [urljoin(self.url, uri)]
            urls += [
                urljoin(self.url, media["URI"])
                for media in self.multivariant.media
                if media.get("GROUP-ID") == variant.get("AUDIO") and "URI" in media
            ]
            limit = 1.25 * float(variant.get("BANDWIDTH", "inf"))
            for msn, tracks in self.bits.items():
                if all(url in tracks and tracks[url][1] for url in urls):
                    rate = sum(tracks[url][0] / tracks[url][1] for url in urls)
                    if rate > limit:
                        self.findings.add(
                            "MV1", urls[0], f"segment {msn} has {rate:.0f} bit/s, more than 125 % of BANDWIDTH {variant['BANDWIDTH']}"
                        )

    def _codecs(self) -> None:
        if self.multivariant is None:
            return
        for variant, uri in self.multivariant.variants:
            group = [media.get("URI") for media in self.multivariant.media if media.get("GROUP-ID") == variant.get("AUDIO")]
            said = variant.get("CODECS", "").split(",")
            for address in [uri, *(one for one in group if one)]:
                track = self.tracks.get(urljoin(self.url, address))
                for init in track.inits.values() if track else ():
                    if "." in init.codec and init.codec.lower() not in [codec.strip().lower() for codec in said]:
                        self.findings.add("MV2", address, f"CODECS says {said}, the init section {init.codec}")
                    if (
                        init.handler == "vide"
                        and init.size != (0, 0)
                        and variant.get("RESOLUTION") not in {None, f"{init.size[0]}x{init.size[1]}"}
                    ):
                        self.findings.add("MV3", address, f"RESOLUTION says {variant['RESOLUTION']}, the init section {init.size}")
