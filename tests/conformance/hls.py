"""``python -m tests.conformance.hls URL [--seconds N]``: watch a live stream as a low-latency player does and report every rule broken.

Rules have the ids of the project's checklist. The status is 1 if any is broken, 2 if the stream could not be watched at all.
"""

import argparse
import asyncio
import sys
from dataclasses import dataclass, field
from urllib.parse import urljoin

import httpx

from tests.conformance import http, static
from tests.conformance.findings import Finding, Findings
from tests.conformance.playlist import is_multivariant, parse_media, parse_multivariant
from tests.conformance.presentation import JITTER, Presentation
from tests.conformance.probes import probe
from tests.conformance.track import Track

TIMEOUT = httpx.Timeout(30, connect=5)


@dataclass
class Report:
    """What a watch saw."""

    findings: Findings = field(default_factory=Findings)
    versions: int = 0
    parts: int = 0
    segments: int = 0
    low_latency: bool = False
    ended: bool = False

    @property
    def broken(self) -> list[Finding]:
        return self.findings.broken

    def __str__(self) -> str:
        kind = "low-latency" if self.low_latency else "plain"
        lines = [f"{kind} stream: {self.versions} playlist versions, {self.parts} parts, {self.segments} segments"]
        lines += [f"advice {finding}" for finding in self.findings.advice]
        lines += [f"BROKEN {finding}" for finding in self.broken]
        lines.append(f"{len(self.broken)} broken, {len(self.findings.rules)} rules" if self.broken else "nothing broken")
        return "\n".join(lines)


async def watch(url: str, *, seconds: float = 20, verify: bool = True, probes: bool = True, jitter: float = JITTER) -> Report:
    """Watch a multivariant (or one media) playlist for ``seconds``, or until it ends.

    ``jitter`` is how many seconds more than a rule's a thing may take that is measured by the clock.

    Raises:
        RuntimeError: there is no playlist at ``url``.
    """
    report = Report()
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(http2=url.startswith("https"), verify=verify, timeout=TIMEOUT, limits=limits) as client:
        presentation = Presentation(client, report.findings, jitter=jitter)
        addresses = await _open(client, url, presentation, report)
        for address in addresses:
            presentation.tracks[address] = Track(address, presentation)
        async with asyncio.timeout(seconds + 60), asyncio.TaskGroup() as tasks:
            for track in presentation.tracks.values():
                tasks.create_task(track.watch(seconds))
            if probes:
                tasks.create_task(probe(presentation, within=seconds))
        presentation.conclude()
        for track in presentation.tracks.values():
            report.versions += track.versions
            report.parts += track.parts_seen
            report.segments += track.segments_seen
            report.low_latency = report.low_latency or track.low_latency
            report.ended = report.ended or track.ended
    return report


async def _open(client: httpx.AsyncClient, url: str, presentation: Presentation, report: Report) -> list[str]:
    try:
        response = await client.get(url, headers={"accept-encoding": "gzip"})
    except httpx.TransportError as error:
        raise RuntimeError(f"{url}: {type(error).__name__}") from error
    if response.status_code != 200:
        raise RuntimeError(f"{url}: status {response.status_code}")
    if not is_multivariant(response.content):
        return [url]
    playlist = parse_multivariant(response.content)
    report.findings.extend(url, static.multivariant(playlist))
    presentation.multivariant = playlist
    presentation.url = url
    addresses = [urljoin(url, address) for address in playlist.addresses]
    first = await client.get(addresses[0]) if addresses else None
    target = parse_media(first.content).target if first is not None and first.status_code == 200 else 6
    report.findings.extend(url, http.playlist(response, target, blocking=False))
    return addresses


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance.hls", description="Watch a live HLS stream and report every rule broken."
    )
    parser.add_argument("url", help="address of the multivariant or of one media playlist")
    parser.add_argument("--seconds", type=float, default=20, help="how long to watch")
    parser.add_argument("--insecure", action="store_true", help="accept any TLS certificate")
    parser.add_argument("--no-probes", action="store_true", help="only do what a player does")
    arguments = parser.parse_args()
    try:
        report = asyncio.run(watch(arguments.url, seconds=arguments.seconds, verify=not arguments.insecure, probes=not arguments.no_probes))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 2
    print(report)
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
