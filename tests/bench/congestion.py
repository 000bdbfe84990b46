"""How fast a browser finds the path's bandwidth, and how fast it gives way: Chromium behind a leaky bucket of ours.

Prints the seconds from the first packet to 2.5 Mbit/s on a free path, the seconds to fit through 1 Mbit/s once the path narrows,
and the seconds back to 90 % once it widens. Run: python -m tests.bench.congestion
"""

import asyncio
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from playwright.async_api import Page, Route, async_playwright

from ingest.session import Session
from storage.model.media import AccessUnit, TrackKind
from tests.clients.programs import ffmpeg_with_whip
from tests.fixtures.valkey import Valkey
from tests.ingest.path import BadPath, open_path
from tests.ingest.rig import Rig, open_rig

RUNS = 3
FREE, NARROW, WIDE = 8.0, 10.0, 30.0
GOAL, BOTTLENECK = 2_500_000, 1_000_000
STEP = 0.1
FLAGS = ("--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
CAMERA_FLAG = "--use-file-for-fake-video-capture="

PAGE = """<!doctype html><title>publish</title><script>
async function publish(url, key, port, codec) {
  const media = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 720, frameRate: 30 }, audio: true });
  const peer = globalThis.peer = new RTCPeerConnection();
  for (const track of media.getTracks()) peer.addTransceiver(track, { direction: "sendonly", streams: [media] });
  const video = peer.getTransceivers().find((one) => one.sender.track.kind === "video");
  const codecs = RTCRtpSender.getCapabilities("video").codecs;
  const first = codecs.filter((one) => one.mimeType.toLowerCase() === "video/" + codec);
  video.setCodecPreferences([...first, ...codecs.filter((one) => one.mimeType === "video/rtx")]);
  await peer.setLocalDescription();
  const headers = { "Content-Type": "application/sdp", Authorization: "Bearer " + key };
  const answer = await fetch(url, { method: "POST", headers, body: peer.localDescription.sdp });
  const sdp = (await answer.text()).replace(/^(a=candidate:\\S+ 1 udp \\d+ )\\S+ \\d+/gim, "$1127.0.0.1 " + port);
  const parameters = video.sender.getParameters();
  parameters.encodings[0].maxBitrate = 3500000;
  parameters.degradationPreference = "maintain-resolution";
  await video.sender.setParameters(parameters);
  await peer.setRemoteDescription({ type: "answer", sdp });
}
async function look() {
  const seen = {};
  for (const one of (await peer.getStats()).values()) {
    if (one.type === "candidate-pair" && one.nominated) Object.assign(seen, { estimate: one.availableOutgoingBitrate || 0 });
    if (one.type === "outbound-rtp" && one.kind === "video") Object.assign(seen, { target: one.targetBitrate || 0 });
  }
  return seen;
}
</script>"""


@dataclass
class Trace:
    """Samples every 100 ms from the first packet on: seconds, bits a second that came through, the sender's estimate and target."""

    at: list[float] = field(default_factory=list)
    received: list[float] = field(default_factory=list)
    estimate: list[float] = field(default_factory=list)
    target: list[float] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    pictures: list[float] = field(default_factory=list)
    """Seconds at which a whole video frame was delivered to the feed."""

    def smooth(self, index: int) -> float:
        window = self.received[max(0, index - 4) : index + 1]
        return sum(window) / len(window)


def camera(folder: Path) -> Path:
    """Two seconds of a picture that no encoder finds easy."""
    made = folder / "camera.y4m"
    source = "testsrc2=size=1280x720:rate=30,noise=alls=12:allf=t"
    command = [
        ffmpeg_with_whip(),
        "-loglevel",
        "error",
        "-f",
        "lavfi",
        "-i",
        source,
        "-t",
        "2",
        "-pix_fmt",
        "yuv420p",
        str(made),
    ]
    subprocess.run(command, check=True)
    return made


async def run(rig: Rig, path: BadPath, page: Page, codec: str) -> tuple[Trace, float, float]:
    async def serve(route: Route) -> None:
        await route.fulfill(content_type="text/html", body=PAGE)

    await page.route("**/congestion", serve)
    await page.goto(f"{rig.base}/congestion")
    await page.evaluate("([url, key, port, codec]) => publish(url, key, port, codec)", [rig.url, rig.key, path.port, codec])
    session = await rig.live()
    loop = asyncio.get_running_loop()
    trace = Trace()
    began = loop.time()
    narrowed = widened = 0.0
    octets, last = _octets(session), began
    feed = rig.ingest.feeds.find(session.who.session)
    assert feed is not None

    def note(unit: AccessUnit | None) -> None:
        if unit is not None and unit.kind is TrackKind.VIDEO:
            trace.pictures.append(loop.time() - began)

    subscription = feed.subscribe({}, note)
    while (now := loop.time()) - began < FREE + NARROW + WIDE:
        age = now - began
        if age > FREE and not narrowed:
            narrowed, path.rate = age, BOTTLENECK
        if age > FREE + NARROW and not widened:
            widened, path.rate = age, 0
        seen = await page.evaluate("look()")
        now, total = loop.time(), _octets(session)
        trace.at.append(now - began)
        trace.received.append((total - octets) * 8 / max(0.001, now - last))
        trace.estimate.append(seen.get("estimate", 0))
        trace.target.append(seen.get("target", 0))
        trace.dropped.append(path.dropped)
        octets, last = total, now
        await asyncio.sleep(STEP)
    subscription.close()
    await page.evaluate("peer.close()")
    return trace, narrowed, widened


def _octets(session: Session) -> int:
    return sum(track.octets for track in session.reception._tracks)


def first(trace: Trace, start: float, holds: list[bool]) -> float:
    """Seconds from ``start`` to the first sample from which the condition holds."""
    return next((at - start for at, held in zip(trace.at, holds, strict=True) if held and at > start), float("nan"))


def figures(trace: Trace, narrowed: float, widened: float) -> dict[str, float]:
    smooth = [trace.smooth(index) for index in range(len(trace.at))]
    fits = [target <= BOTTLENECK for target in trace.target]
    before = statistics.median(value for at, value in zip(trace.at, smooth, strict=True) if narrowed - 2 < at < narrowed)
    drops = [count for at, count in zip(trace.at, trace.dropped, strict=True) if narrowed + 3 < at < widened]
    return {
        "seconds to 2.5 Mbit/s": first(trace, 0, [index >= 4 and value >= GOAL for index, value in enumerate(smooth)]),
        "seconds to fit 1 Mbit/s": first(trace, narrowed, fits),
        "seconds of the longest gap between pictures after it": _longest_gap(trace, narrowed, widened),
        "packets dropped later than 3 s after": drops[-1] - drops[0],
        "seconds back to 90 %": first(trace, widened, [value >= 0.9 * before for value in smooth]),
        "Mbit/s before": before / 1e6,
    }


def _longest_gap(trace: Trace, start: float, stop: float) -> float:
    pictures = [at for at in trace.pictures if start - 0.5 < at < stop]
    return max(later - earlier for earlier, later in pairwise(pictures))


async def measure(codec: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="fanlight-congestion-"))
    valkey = Valkey(folder)
    valkey.start()
    try:
        y4m = camera(folder)
        results = []
        async with (
            open_rig(valkey.url, folder / "data") as rig,
            open_path(("127.0.0.1", rig.ingest.port.number), delay=0.01) as path,
            async_playwright() as playwright,
        ):
            for _ in range(RUNS):
                browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, CAMERA_FLAG + str(y4m)])
                results.append(figures(*await run(rig, path, await browser.new_page(), codec)))
                await browser.close()
                await rig.over()
        for name in results[0]:
            values = [result[name] for result in results]
            print(f"congestion, {codec}: {name}: {statistics.median(values):.2f} (runs: {', '.join(f'{value:.2f}' for value in values)})")
    finally:
        valkey.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(measure("h264"))
