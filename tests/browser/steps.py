"""What the browser tests do again and again."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Tab
from tests.fixtures.platform import Platform, wait_until

LOOK = """() => {
  const video = document.querySelector('video');
  const player = document.querySelector('.player');
  return {
    time: video.currentTime,
    width: video.videoWidth,
    height: video.videoHeight,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    dropped: video.getVideoPlaybackQuality().droppedVideoFrames,
    stage: player.dataset.stage,
    playback: player.dataset.playback,
    latency: parseFloat(document.querySelector('.latency-value')?.textContent ?? 'NaN'),
  };
}"""


def go_live(tab: Tab, platform: Platform, *, codec: str = "h264") -> None:
    """From an open studio to a live broadcast, by the means a person has."""
    page = tab.page
    page.goto(f"{platform.studio}?countdown=0&codec={codec}")
    # Small, since the machine that runs the tests encodes, transcodes and plays at once.
    page.get_by_label("Size").select_option("360")
    page.get_by_label("Channel name").fill(platform.channel)
    page.get_by_label("Stream key").fill(platform.key)
    page.get_by_role("button", name="Go live").click()
    expect(page.locator(".go")).to_have_attribute("data-phase", "live")


def end(tab: Tab) -> None:
    """Hold the button, by keyboard."""
    tab.page.get_by_role("button", name="Hold to end").focus()
    tab.page.keyboard.down("Enter")
    expect(tab.page.locator(".go")).to_have_attribute("data-phase", "ended", timeout=5_000)
    tab.page.keyboard.up("Enter")


def look(page: Page) -> dict[str, Any]:
    """What the player does now."""
    return dict(page.evaluate(LOOK))


def wait_for_pictures(page: Page, *, seconds: float = 1.0, within: float = 20.0) -> dict[str, Any]:
    """Wait until the player has played that much from now on, jumps not counted, and say what it does then."""
    played, last = 0.0, look(page)["time"]

    def enough() -> dict[str, Any] | None:
        nonlocal played, last
        now = look(page)
        if now["playback"] == "playing":
            played += min(0.5, max(0.0, now["time"] - last))
        last = now["time"]
        return now if played >= seconds else None

    return wait_until(enough, within, f"{seconds} s to be played")
