"""A viewer that keeps everything: downloads each part as a low-latency player does and remembers when it came."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urljoin

import httpx

from tests.e2e.playlist import Listed, MediaPlaylist, attributes, parse


@dataclass(frozen=True, slots=True)
class Received:
    """A part or segment that was downloaded. ``arrived_ms`` is Unix time in milliseconds."""

    listed: Listed
    arrived_ms: float
    data: bytes


@dataclass(slots=True)
class Watched:
    """What one rendition brought. ``troubles`` are requests that failed and when; they are tried again at once."""

    received: list[Received] = field(default_factory=list)
    inits: dict[str, bytes] = field(default_factory=dict)
    troubles: list[tuple[float, str]] = field(default_factory=list)
    playlists: list[tuple[float, str]] = field(default_factory=list)
    ended_ms: float | None = None


class Probe:
    """Watches the video and the audio rendition at once, each in a thread, until closed or the broadcast has ended.

    With ``live`` it waits until the address leads to a broadcast that has not ended: the one before stays there for a while.
    """

    def __init__(self, url: str, *, start_within: float = 30.0, live: bool = True) -> None:
        self._url, self._start_within, self._live = url, start_within, live
        self._stop = threading.Event()
        self.video, self.audio = Watched(), Watched()
        self.failure: BaseException | None = None
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        video_url, audio_url = self._renditions()
        for url, watched in ((video_url, self.video), (audio_url, self.audio)):
            thread = threading.Thread(target=self._guarded, args=(url, watched), name=f"probe {url}")
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        if self.failure:
            raise self.failure

    def wait_for_end(self, within: float) -> None:
        """Wait until both renditions have said ``EXT-X-ENDLIST``."""
        limit = time.monotonic() + within
        while self.video.ended_ms is None or self.audio.ended_ms is None:
            assert time.monotonic() < limit, f"no ENDLIST within {within} s"
            assert self.failure is None, repr(self.failure)
            time.sleep(0.05)

    def _renditions(self) -> tuple[str, str]:
        limit = time.monotonic() + self._start_within
        last = ""
        with httpx.Client(timeout=10) as client:
            while time.monotonic() < limit and not self._stop.is_set():
                try:
                    response = client.get(self._url)
                    if response.status_code == 200 and "#EXT-X-STREAM-INF" in response.text:
                        chosen = self._choose(response.text)
                        if not self._live or "#EXT-X-ENDLIST" not in client.get(chosen[0]).text:
                            return chosen
                    last = f"{response.status_code} {response.text[:200]}"
                except httpx.HTTPError as error:
                    last = repr(error)
                time.sleep(0.05)
        raise AssertionError(f"{self._url} is not playable within {self._start_within} s: {last}")

    def _choose(self, text: str) -> tuple[str, str]:
        lines = text.splitlines()
        video = next(lines[n + 1] for n, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF"))
        audio = next(attributes(line)["URI"] for line in lines if line.startswith("#EXT-X-MEDIA:"))
        return urljoin(self._url, video), urljoin(self._url, audio)

    def _guarded(self, url: str, watched: Watched) -> None:
        try:
            with httpx.Client(timeout=httpx.Timeout(20, connect=2)) as client:
                self._watch(client, url, watched)
        except BaseException as error:
            self.failure = error

    def _watch(self, client: httpx.Client, url: str, watched: Watched) -> None:
        position: tuple[int, int] | None = None
        query = ""
        while not self._stop.is_set():
            playlist = self._playlist(client, url + query, watched)
            if playlist is None:
                query = ""
                continue
            for listed in _after(playlist, position):
                if self._stop.is_set():
                    return
                if not self._download(client, listed, watched):
                    break
                position = (listed.msn, listed.part if listed.part >= 0 else 1_000_000)
            if playlist.ended and position and position >= (playlist.next_msn - 1, 0):
                watched.ended_ms = time.time() * 1000
                return
            query = f"?_HLS_msn={playlist.next_msn}&_HLS_part={playlist.next_part}"

    def _playlist(self, client: httpx.Client, url: str, watched: Watched) -> MediaPlaylist | None:
        with self._trouble(watched, url):
            response = client.get(url)
            if response.status_code == 200:
                watched.playlists.append((time.time() * 1000, response.text))
                return parse(response.text, url)
            watched.troubles.append((time.time() * 1000, f"{response.status_code} {url}"))
            time.sleep(0.1)
        return None

    def _download(self, client: httpx.Client, listed: Listed, watched: Watched) -> bool:
        if listed.gap:
            watched.received.append(Received(listed, time.time() * 1000, b""))
            return True
        with self._trouble(watched, listed.uri):
            if listed.init not in watched.inits:
                response = client.get(listed.init)
                response.raise_for_status()
                watched.inits[listed.init] = response.content
            response = client.get(listed.uri)
            response.raise_for_status()
            watched.received.append(Received(listed, time.time() * 1000, response.content))
            return True
        return False

    @contextlib.contextmanager
    def _trouble(self, watched: Watched, url: str) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            watched.troubles.append((time.time() * 1000, f"{error!r} {url}"))
            time.sleep(0.1)


def _after(playlist: MediaPlaylist, position: tuple[int, int] | None) -> list[Listed]:
    """What was not downloaded yet; at first, from the start of the newest segment whose parts are listed."""
    if position is None:
        starts = [item.msn for item in playlist.items if item.part == 0]
        position = (max(starts) if starts else playlist.next_msn, -2)
    return [item for item in playlist.items if (item.msn, item.part if item.part >= 0 else 999_999) > position]
