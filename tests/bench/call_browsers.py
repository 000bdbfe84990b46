"""How long a mesh of real browsers takes to connect: ``python -m tests.bench.call_browsers --people 8 --rounds 5``.

All tabs run in one Chromium with fake devices, at a small picture. Counted is, for everybody who comes in and each who is there already,
the time from the beginning of their connection until it carries media, and from the press of the button until all others are seen.

Chromium runs without the right to real-time priority, as for anybody who is not root: eight people's sound would else keep everything
else of a small machine from running. ``--sound`` is a call with cameras off.
"""

import argparse
import statistics
import time
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.call_steps import NEW_CALL, SMALL, arrives
from tests.browser.conftest import AS_ANYBODY, launched
from tests.browser.test_people import PASSWORD
from tests.fixtures.platform import Platform, running_platform, wait_until

ALL_SEEN = """(others) => {
  const peers = [...document.querySelector('fl-call').session.peers()];
  return peers.length === others && peers.every((peer) => peer.state === 'connected');
}"""


CAMERA_OFF = ";localStorage.setItem('fanlight.calls.camera', 'off')"


def _host(context: BrowserContext, platform: Platform) -> tuple[Page, str]:
    page = context.new_page()
    page.goto(f"{platform.origin}/signup")
    page.get_by_label("Name", exact=True).fill("host")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url(f"{platform.origin}/dashboard")
    return page, str(page.evaluate(NEW_CALL, {"title": "Bench", "lobby": False}))


def _joins(page: Page, url: str, name: str, others: int) -> float:
    """Seconds from the press of the button until all others are connected."""
    page.goto("about:blank")
    page.goto(url)
    button = page.locator(".call-check button[type=submit]:enabled")
    button.wait_for()
    if name:
        page.get_by_label("Your name").fill(name)
    began = time.perf_counter()
    button.click()
    page.wait_for_selector(".call")
    page.wait_for_function(ALL_SEEN, arg=others, polling=20, timeout=60_000)
    return time.perf_counter() - began


def _quantiles(values: list[float]) -> str:
    cut = statistics.quantiles(values, n=20)
    return f"p50 {statistics.median(values) * 1000:.0f} ms, p95 {cut[18] * 1000:.0f} ms, most {max(values) * 1000:.0f} ms, n {len(values)}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each size of the call")
    parser.add_argument("--sound", action="store_true", help="nobody has a camera on")
    asked = parser.parse_args()
    joined: list[float] = []
    connected: list[float] = []
    with running_platform() as platform, sync_playwright() as playwright:
        browser = launched(playwright, program=str(AS_ANYBODY))
        contexts = [browser.new_context(viewport={"width": 320, "height": 240}) for _ in range(asked.people)]
        for context in contexts:
            context.add_init_script(SMALL + (CAMERA_OFF if asked.sound else ""))
        host, url = _host(contexts[0], platform)
        pages = [host, *(context.new_page() for context in contexts[1:])]
        for _ in range(asked.rounds):
            _joins(host, url.partition("#")[0], "", 0)
            for number, page in enumerate(pages[1:], 1):
                try:
                    joined.append(_joins(page, url, f"Person {number}", number))
                except PlaywrightTimeout:
                    print(f"{number + 1} people: not connected within a minute")
                    return
                print(f"{number + 1} people: {joined[-1] * 1000:.0f} ms", flush=True)
                connected += [one["after"] / 1000 for one in arrives(page).values()]
                if asked.pictures is not None and number + 1 in {2, 4, 8}:
                    page.wait_for_timeout(2500)
                    host.set_viewport_size({"width": 1440, "height": 900})
                    page.wait_for_timeout(1500)
                    host.screenshot(path=asked.pictures / f"call-{number + 1}.png")
            wait_until(
                lambda: all((asked.sound or one["frames"] > 0) and one["energy"] > 0 for page in pages for one in arrives(page).values()),
                60,
                "everybody seen",
            )
            for page in pages:
                page.get_by_role("button", name="Leave").click()
        browser.close()
    print(f"{asked.people} people, {asked.rounds} rounds")
    print(f"from the press of the button until all others are connected: {_quantiles(joined)}")
    print(f"each connection, from its beginning: {_quantiles(connected)}")


if __name__ == "__main__":
    main()
