"""Glass to glass in Chromium: ``python -m tests.bench.glass [--seconds N]``.

``fanlight publish`` sends 720p30 with the time it is due in every picture; Chromium plays our watch page and reads that time back from
the frames it shows, so camera and screen are left out and everything between is in. Once with the defaults, once with the
lower-latency setting of docs/low-latency.md.
"""

import argparse
import asyncio
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from tests.bench.load import QUIET, median, percentile
from tests.clients import programs
from tests.clients.publishers import fanlight, running
from tests.fixtures.platform import Platform, running_platform

LOWER = {"FANLIGHT_PART_TARGET": "0.25", "FANLIGHT_HOLD_BACK": "2.2"}
FLAGS = ("--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio", "--disable-gpu")
STAMP = (Path(programs.HERE) / "stamp.js").read_text().replace("export function", "function")
READER = (
    "() => {"
    + STAMP
    + """
  const inside = (root) => [...root.querySelectorAll("*")].map((e) => e.shadowRoot && find(e.shadowRoot)).find(Boolean);
  const find = (root) => root.querySelector("video") ?? inside(root);
  const video = find(document);
  if (!video) return false;
  video.muted = true;
  video.play();
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  const seen = { glass: [], frames: 0, waits: 0, waited: 0 };
  let since = 0;
  video.addEventListener("waiting", () => { if (seen.frames) { seen.waits += 1; since = Date.now(); } });
  video.addEventListener("playing", () => { if (since) seen.waited += Date.now() - since; since = 0; });
  const look = () => {
    seen.frames += 1;
    brush.drawImage(video, 0, 0, 640, 360);
    const shown = readStamp(brush.getImageData(0, 0, 640, 40).data, 640, 360);
    if (shown) seen.glass.push(Date.now() - shown);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  globalThis.seen = seen;
  return true;
}"""
)


async def watch(url: str, seconds: float, settle: float) -> dict[str, Any]:
    """Watch and give the milliseconds from due to shown of every frame after ``settle`` seconds, and how often and long it stood still."""
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=programs.find("chromium"), args=list(FLAGS))
        page = await browser.new_page()
        await page.goto(url)
        for _ in range(100):
            if await page.evaluate(READER):
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(settle)
        await page.evaluate("seen.glass.length = 0; seen.frames = 0; seen.waits = 0; seen.waited = 0")
        await asyncio.sleep(seconds)
        report: dict[str, Any] = await page.evaluate("seen")
        await browser.close()
    return report


def measure(platform: Platform, name: str, seconds: float) -> None:
    with running(fanlight(platform.whip, platform.key, "--size", "1280x720")) as publisher:
        platform.wait_for_state("live")
        report = asyncio.run(watch(platform.watch, seconds, 15))
        publisher.stop()
    glass = report["glass"]
    assert len(glass) > seconds * 10, f"only {len(glass)} frames were read"
    print(f"glass to glass in Chromium, {name}: p50 {median(glass) / 1000:.2f} s, p95 {percentile(glass, 0.95) / 1000:.2f} s", end=" ")
    print(f"({len(glass)} frames, {report['waits']} stalls, {report['waited'] / 1000:.1f} s)")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30)
    seconds = parser.parse_args().seconds
    for name, changes in (("defaults", {}), ("lower latency", LOWER)):
        with running_platform(**QUIET, **changes) as platform:
            measure(platform, name, seconds)


if __name__ == "__main__":
    main()
