"""Watching one media playlist: its versions, its parts and its segments, in order."""

import asyncio
import time
from urllib.parse import urljoin

import httpx

from tests.conformance import changes, http, static
from tests.conformance.media import Fragment, Init, parse_fragments, parse_init
from tests.conformance.playlist import MediaPlaylist, Problems, Segment, parse_media
from tests.conformance.presentation import Presentation


class Track:
    def __init__(self, url: str, presentation: Presentation) -> None:
        self.url = url
        self.latest: MediaPlaylist | None = None
        self.inits: dict[str, Init] = {}
        self.bodies: dict[str, bytes] = {}
        self.low_latency = self.ended = False
        self.versions = self.parts_seen = self.segments_seen = 0
        self._presentation = presentation
        self._findings = presentation.findings
        self._hinted: dict[str, asyncio.Task[tuple[httpx.Response, float]]] = {}
        self._joined = -1
        self._begun: set[int] = set()
        self._done: set[int] = set()
        self._end: tuple[int, int] | None = None
        self._grown = self._finished = 0.0

    async def watch(self, seconds: float) -> None:
        """Follow the playlist until ``seconds`` are over or it ends."""
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as tasks:
            await self._load(self.url, blocking=False)
            while self.latest and not self.latest.ended and time.monotonic() < until:
                before = self.versions
                self._follow_hint(tasks)
                await self._reload()
                await self._media()
                tasks.create_task(self._removed())
                if self.versions == before:
                    await asyncio.sleep(0.2)
            if self.latest and self.latest.ended:
                self.ended = True
                await self._media()
                await self._after_the_end()
            for task in self._hinted.values():
                task.cancel()

    # Playlists.

    async def _load(self, url: str, *, blocking: bool) -> MediaPlaylist | None:
        known = self._presentation.known()
        response, _ = await self._presentation.get(url, gzip=True)
        playlist = parse_media(response.content) if response.status_code == 200 else None
        target = playlist.target if playlist else self.latest.target if self.latest else 6
        self._findings.extend(self.url, http.playlist(response, target, blocking=blocking))
        if playlist is None:
            rule = "BR7" if response.status_code == 503 else "BR1"
            self._findings.add("PT6" if rule == "BR7" else rule, self.url, f"status {response.status_code} for {url}")
            return None
        self._findings.extend(self.url, static.media(playlist))
        self._presentation.reports(self.url, playlist, known)
        whole: MediaPlaylist | None = playlist
        if playlist.skip is not None:
            whole = changes.merge(self.latest, playlist) if self.latest else None
            if whole is None:
                self._findings.add("DU3", self.url, "a delta update skips what the playlist before it did not have")
                return playlist
        if whole is not None:
            self._take(whole)
        return playlist

    def _take(self, playlist: MediaPlaylist) -> None:
        now = time.monotonic()
        self.low_latency = (playlist.control or {}).get("CAN-BLOCK-RELOAD") == "YES"
        before = self.latest
        if before is not None:
            if before.text != playlist.text:
                self._findings.extend(self.url, changes.between(before, playlist))
            if before.last == playlist.last and len(before.complete) == len(playlist.complete) and not playlist.ended:
                self.latest = playlist
                return
            self._pace(before, playlist, now)
        else:
            # As a player does, begin a few segments before the end.
            self._joined = playlist.segments[-min(3, len(playlist.segments))].msn - 1 if playlist.segments else -1
        self._grown = now
        self.versions += 1
        self.latest = playlist
        if playlist.last and before is not None:
            self._presentation.saw(self.url, playlist.last, now)

    def _pace(self, before: MediaPlaylist, playlist: MediaPlaylist, now: float) -> None:
        if playlist.ended:
            return
        if playlist.part_target and now - self._grown > 2 * playlist.part_target + self._presentation.jitter:
            self._findings.add("PT6", self.url, f"no new part for {now - self._grown:.2f} s")
        if len(before.complete) + before.media_sequence != len(playlist.complete) + playlist.media_sequence:
            if self._finished and now - self._finished > 1.5 * playlist.target + self._presentation.jitter:
                self._findings.add("PT7", self.url, f"no new segment for {now - self._finished:.2f} s")
            self._finished = now

    async def _reload(self) -> None:
        latest = self.latest
        assert latest is not None
        if not self.low_latency:
            await asyncio.sleep(max(0.2, latest.target / 2))
            await self._load(self.url, blocking=False)
            return
        msn, part = self._next(latest)
        skip = self.versions % 3 == 2 and "CAN-SKIP-UNTIL" in (latest.control or {})
        query = f"_HLS_msn={msn}&_HLS_part={part}" + ("&_HLS_skip=YES" if skip else "")
        found = await self._load(f"{self.url}?{query}", blocking=True)
        if found is None or found.ended:
            return
        if not (found.last and (found.last >= (msn, part) or found.last[0] > msn)):
            self._findings.add("BR2", self.url, f"{query} was answered with {found.last}")
        if skip:
            await self._check_delta(found, query)

    async def _check_delta(self, delta: MediaPlaylist, query: str) -> None:
        skippable = sum(segment.length for segment in self.latest.segments) if self.latest else 0.0
        boundary = float((delta.control or {}).get("CAN-SKIP-UNTIL", "inf"))
        if delta.skip is None and skippable > boundary + 2 * delta.target:
            self._findings.add("DU1", self.url, f"no delta update for {query}")
        if delta.skip is None:
            return
        response, _ = await self._presentation.get(f"{self.url}?{query.partition('&_HLS_skip')[0]}")
        full = parse_media(response.content)
        if full.last == delta.last and full.media_sequence == delta.media_sequence and self.latest:
            self._findings.extend(self.url, changes.same(self.latest, full))

    @staticmethod
    def _next(playlist: MediaPlaylist) -> tuple[int, int]:
        if not playlist.segments:
            return playlist.media_sequence, 0
        newest = playlist.segments[-1]
        return (newest.msn + 1, 0) if newest.uri else (newest.msn, len(newest.parts))

    # Parts and segments.

    def _follow_hint(self, tasks: asyncio.TaskGroup) -> None:
        """Ask for the hinted part before it is there, as a player does."""
        assert self.latest is not None
        for hint in self.latest.hints:
            url = urljoin(self.url, hint.get("URI", ""))
            if hint.get("TYPE") == "PART" and url not in self._hinted and url not in self.bodies:
                self._hinted = {known: task for known, task in self._hinted.items() if not task.done()}
                self._hinted[url] = tasks.create_task(self._presentation.get(url))

    async def _media(self) -> None:
        """Everything new in the newest version, in order."""
        assert self.latest is not None
        for segment in self.latest.segments:
            if segment.msn <= self._joined and not self.ended:
                continue
            if segment.msn in self._done:
                continue
            for index in range(len(segment.parts)):
                await self._part(segment, index)
            if segment.uri:
                self._done.add(segment.msn)
                await self._segment(segment)

    async def _part(self, segment: Segment, index: int) -> None:
        part = segment.parts[index]
        url = urljoin(self.url, part.uri)
        if part.gap or url in self.bodies:
            return
        hinted = self._hinted.pop(url, None)
        response, _ = await hinted if hinted else await self._presentation.get(url)
        if hinted and response.status_code != 200:
            self._findings.add("PH3", self.url, f"the hinted part {part.uri} was answered with status {response.status_code}")
            response, _ = await self._presentation.get(url)
        assert self.latest is not None
        self._findings.extend(url, http.media(response, self.latest.target))
        if response.status_code != 200:
            # What is missing is one fault; that time does not go on behind it is none.
            self._end = None
            return
        self.bodies[url] = response.content
        self.parts_seen += 1
        self._begun.add(segment.msn)
        init = await self._init(segment)
        if init is None:
            return
        fragments = self._fragments(url, response.content, init)
        measured = sum(fragment.duration for fragment in fragments) / init.timescale
        if abs(measured - part.duration) > max([fragment.longest for fragment in fragments], default=0) / init.timescale / 2 + 0.001:
            self._findings.add("PL14", url, f"DURATION {part.duration} s, {measured:.5f} s of samples")
        if init.handler == "vide" and part.independent and not (fragments and fragments[0].synced):
            self._findings.add("PT3", url, "INDEPENDENT=YES without a sync sample at its start")
        if init.handler == "vide" and index == 0 and not part.independent:
            self._findings.add("PT3", url, "a segment's first part is not independent")
        self._continues(url, fragments, discontinuity=segment.discontinuity and index == 0)

    async def _segment(self, segment: Segment) -> None:
        url = urljoin(self.url, segment.uri)
        if segment.gap:
            self._end = None
            return
        response, _ = await self._presentation.get(url)
        assert self.latest is not None
        self._findings.extend(url, http.media(response, self.latest.target))
        if response.status_code != 200:
            # What is missing is one fault; that time does not go on behind it is none.
            self._end = None
            return
        self.segments_seen += 1
        self._presentation.measured(self.url, segment.msn, len(response.content), segment.duration)
        init = await self._init(segment)
        if init is None:
            return
        parts = [self.bodies.get(urljoin(self.url, part.uri)) for part in segment.parts]
        whole = [part for part in parts if part is not None]
        if parts and len(whole) == len(parts) and b"".join(whole) != response.content:
            self._findings.add("PT4", url, "its parts' bytes are not its own")
        fragments = self._fragments(url, response.content, init)
        measured = sum(fragment.duration for fragment in fragments) / init.timescale
        if abs(measured - segment.duration) > max([fragment.longest for fragment in fragments], default=0) / init.timescale + 0.001:
            self._findings.add("PL14", url, f"EXTINF {segment.duration} s, {measured:.5f} s of samples")
        if init.handler == "vide" and fragments and not fragments[0].synced:
            self._findings.add("PT3", url, "does not begin with a sync sample")
        if not parts and segment.msn in self._begun:
            # Its parts were seen growing and have left the list since: go on behind it.
            self._end = None
        if not parts:
            self._continues(url, fragments, discontinuity=segment.discontinuity)
        for part in segment.parts[:-1]:
            # Kept until the next segment is through, then only the newest are needed.
            self.bodies[urljoin(self.url, part.uri)] = b""

    async def _init(self, segment: Segment) -> Init | None:
        url = urljoin(self.url, segment.init)
        if url not in self.inits:
            response, _ = await self._presentation.get(url)
            assert self.latest is not None
            self._findings.extend(url, http.media(response, self.latest.target))
            if response.status_code != 200:
                return None
            self.inits[url] = parse_init(response.content)
            self._findings.extend(url, self.inits[url].problems)
        init = self.inits[url]
        return init if init.timescale else None

    def _fragments(self, url: str, body: bytes, init: Init) -> list[Fragment]:
        problems: Problems = []
        fragments = parse_fragments(body, init, problems)
        self._findings.extend(url, problems)
        return fragments

    def _continues(self, url: str, fragments: list[Fragment], *, discontinuity: bool) -> None:
        """ME3: each fragment starts where the one before it ended. Kept as start and end of the newest."""
        for fragment in fragments:
            if fragment.start is None:
                continue
            if self._end is not None and not discontinuity and fragment.start != self._end[1]:
                self._findings.add("ME3", url, f"starts at {fragment.start}, the one before ended at {self._end[1]}")
            self._end = (fragment.start, fragment.start + fragment.duration)
            discontinuity = False

    # What was there must stay there.

    async def _removed(self) -> None:
        """PL6 and PT8: what has just left the list can still be had."""
        latest = self.latest
        assert latest is not None
        if not latest.segments:
            return
        listed = {part.uri for segment in latest.segments for part in segment.parts}
        first = latest.segments[0]
        unlisted = next((uri for uri in self._sample(latest) if uri not in listed), None)
        if unlisted is not None:
            response, _ = await self._presentation.get(urljoin(self.url, unlisted))
            if response.status_code != 200:
                self._findings.add("PT8", self.url, f"{unlisted} has gone with its tag: status {response.status_code}")
        gone = first.msn - 1
        if gone in self._done:
            self._done.discard(gone)
            uri = first.uri.replace(str(first.msn), str(gone))
            if uri != first.uri:
                response, _ = await self._presentation.get(urljoin(self.url, uri))
                if response.status_code != 200:
                    self._findings.add("PL6", self.url, f"{uri} has gone with its tag: status {response.status_code}")

    def _sample(self, latest: MediaPlaylist) -> list[str]:
        """The newest part that is no longer listed, told from those that are."""
        with_parts = [segment for segment in latest.segments if segment.parts]
        if not with_parts or with_parts[0] is latest.segments[0]:
            return []
        first = with_parts[0]
        return [first.parts[0].uri.replace(f"{first.msn}.0", f"{first.msn - 1}.0")]

    async def _after_the_end(self) -> None:
        response, seconds = await self._presentation.get(f"{self.url}?_HLS_msn=999999&_HLS_part=7&_HLS_skip=YES")
        if (
            response.status_code != 200
            or seconds > http.AT_ONCE
            or b"#EXT-X-SKIP" in response.content
            or b"#EXT-X-ENDLIST" not in response.content
        ):
            self._findings.add("BR8", self.url, f"directives of an ended playlist: status {response.status_code} after {seconds:.1f} s")
