"""The network part of calls: relays, and what is lost and comes back while people talk."""

import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, WebSocket, expect, sync_playwright

from tests.browser.call_steps import SMALL, WATCH, Meeting, inside, raises_a_hand, sees_and_hears
from tests.browser.conftest import FLAGS, Tab, launched
from tests.fixtures.coturn import SECRET, Coturn, Transport
from tests.fixtures.platform import Platform, running_platform
from tests.fixtures.programs import free_port
from tests.fixtures.roaming import Roaming
from tests.nodes.instance import self_signed

pytestmark = pytest.mark.browser

PATHS = """async () => {
  const found = [];
  for (const {raw} of document.querySelector('fl-call').session.peers()) {
    const report = await raw.getStats();
    for (const one of report.values()) {
      if (one.type !== 'transport') continue;
      const pair = report.get(one.selectedCandidatePairId);
      const local = report.get(pair.localCandidateId);
      found.push([local.candidateType, report.get(pair.remoteCandidateId).candidateType, local.relayProtocol ?? '']);
    }
  }
  return found;
}"""
"""Of each connection: the kind of our candidate and of theirs, and how we talk to our relay."""
CONNECTED = "document.querySelector('fl-call').session.peers().map((peer) => peer.connectedAfter)"

HANGS = 5
"""Seconds: longer than any request's deadline, and than a node may be silent."""

PORT, TLS_PORT = free_port(), free_port()


@pytest.fixture(scope="module")
def driver() -> Iterator[Playwright]:
    """What starts browsers; there is one at a time in a thread."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def chromium(driver: Playwright) -> Iterator[Browser]:
    """One that takes the certificate of our TURN server."""
    browser = launched(driver, "--ignore-certificate-errors")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """One that names a TURN server by all three transports, and is hurt by its tests but comes back."""
    urls = (f"turn:127.0.0.1:{PORT}?transport=udp", f"turn:127.0.0.1:{PORT}?transport=tcp", f"turns:127.0.0.1:{TLS_PORT}?transport=tcp")
    with running_platform(FANLIGHT_HOST="0.0.0.0", FANLIGHT_TURN_URLS=",".join(urls), FANLIGHT_TURN_SECRET=SECRET) as found:
        yield found


def recorded(tab: Callable[..., Tab], frames: list[str]) -> Callable[..., Tab]:
    """Tabs whose sockets' frames are kept, both ways."""

    def keep(frame: str | bytes) -> None:
        frames.append(frame if isinstance(frame, str) else frame.decode())

    def opens(socket: WebSocket) -> None:
        socket.on("framesent", keep)
        socket.on("framereceived", keep)

    def opened(**options: object) -> Tab:
        found = tab(**options)
        found.page.on("websocket", opens)
        return found

    return opened


def paths(page: Page) -> list[list[str]]:
    return list(page.evaluate(PATHS))


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_two_who_are_to_be_hidden_talk_by_the_relay_and_show_no_address(
    platform: Platform, tab: Callable[..., Tab], tmp_path: Path, transport: Transport
) -> None:
    """The networks that let nothing but TCP or TLS out are those of a server that listens to nothing else."""
    coturn = Coturn(tmp_path, allowed=("127.0.0.1",), port=PORT, tls_port=TLS_PORT, only=transport, certificate=self_signed(tmp_path))
    coturn.start()
    frames: list[str] = []
    try:
        meeting = Meeting(platform, recorded(tab, frames), relay_only="everybody")
        guest = meeting.joins("Grace")
        meeting.all_see_and_hear()
        for one in (meeting.host.page, guest.page):
            assert paths(one) == [["relay", "relay", transport]]
            print(f"{transport}: connected after {one.evaluate(CONNECTED)} ms")
    finally:
        coturn.kill()
    signals = [frame for frame in frames if "candidate:" in frame]
    candidates = re.findall(r"candidate:[^\"\\]+", " ".join(signals))
    assert candidates
    assert all(" typ relay " in one and " raddr 0.0.0.0 " in one for one in candidates), candidates


def test_media_and_seats_outlive_a_bus_that_is_killed_and_one_that_hangs(platform: Platform, tab: Callable[..., Tab]) -> None:
    frames: list[str] = []
    meeting = Meeting(platform, recorded(tab, frames), relay_only="nobody")
    host, guest = meeting.host.page, meeting.joins("Grace").page
    meeting.all_see_and_hear()
    seats = [page.evaluate("document.querySelector('fl-call').session.call.you") for page in (host, guest)]
    for page in (host, guest):
        page.evaluate(WATCH)

    platform.kill("valkey")
    platform.instance.wait_for("started", role="valkey")
    began = time.monotonic()
    host.keyboard.press("h")
    expect(guest.locator(".tile-hand")).to_be_visible(timeout=20_000)
    print(f"told through a killed Valkey after {time.monotonic() - began:.1f} s")
    ask_to_mute(host, guest)

    pid = platform.instance.pid("valkey")
    os.kill(pid, signal.SIGSTOP)
    time.sleep(HANGS)
    os.kill(pid, signal.SIGCONT)
    began = time.monotonic()
    host.keyboard.press("h")
    expect(guest.locator(".tile-hand")).to_have_count(0, timeout=20_000)
    print(f"told through a Valkey that hung after {time.monotonic() - began:.1f} s")
    guest.keyboard.press("m")
    expect(guest.get_by_role("button", name="Mute", exact=True)).to_be_visible()
    ask_to_mute(host, guest)

    for page in (host, guest):
        assert page.evaluate("watched.same() && watched.longest") < 5_000
    assert seats == [page.evaluate("document.querySelector('fl-call').session.call.you") for page in (host, guest)]
    assert not [frame for frame in frames if '"seat_left"' in frame or '"call_over"' in frame]
    guest.keyboard.press("m")
    meeting.joins("Linus")
    meeting.all_see_and_hear(40)


def ask_to_mute(host: Page, guest: Page) -> None:
    if not host.locator("#call-side").is_visible():
        host.keyboard.press("p")
    host.locator("summary[aria-label='What to do with Grace']").click()
    host.get_by_role("button", name="Ask to mute").click()
    expect(guest.get_by_role("button", name="Unmute")).to_be_visible()


def test_a_killed_browser_is_shown_as_away_and_returns_to_its_seat(
    driver: Playwright, platform: Platform, tab: Callable[..., Tab], tmp_path: Path
) -> None:
    frames: list[str] = []
    meeting = Meeting(platform, recorded(tab, frames), relay_only="nobody")
    host = meeting.host.page
    with profile(driver, tmp_path / "profile") as opened:
        guest = opened()
        guest.page.goto(meeting.url)
        guest.page.get_by_label("Your name").fill("Grace")
        guest.page.get_by_role("button", name="Join").click()
        inside(guest.page)
        sees_and_hears(host, 1)
        kept = guest.page.evaluate("({...sessionStorage})")
        host.keyboard.press("p")
        began = time.monotonic()
        kill_browser(tmp_path / "profile")
        expect(host.locator(".person[data-name=Grace][data-away]")).to_be_visible(timeout=15_000)
        away = time.monotonic() - began
        guest = opened()
        # What a browser does that shows again what it showed before it broke down.
        guest.page.add_init_script(f"Object.assign(sessionStorage, {json.dumps(kept)})")
        guest.page.goto(meeting.url)
        inside(guest.page)
        expect(host.locator(".person[data-name=Grace]:not([data-away])")).to_be_visible(timeout=15_000)
        sees_and_hears(host, 1)
        sees_and_hears(guest.page, 1)
        print(f"away after {away:.1f} s, seen and heard again {time.monotonic() - began:.1f} s after the kill")
        assert not [frame for frame in frames if '"seat_left"' in frame]
        expect(host.locator(".tile")).to_have_count(2)
        assert not guest.faults


@contextmanager
def profile(driver: Playwright, folder: Path) -> Iterator[Callable[[], Tab]]:
    """A browser of its own, again and again with the same profile."""
    contexts: list[BrowserContext] = []

    def opened() -> Tab:
        program = shutil.which("chromium")
        contexts.append(driver.chromium.launch_persistent_context(folder, executable_path=program, args=FLAGS))
        contexts[-1].add_init_script(SMALL)
        return Tab(contexts[-1])

    try:
        yield opened
    finally:
        for context in contexts:
            context.close()


def kill_browser(folder: Path) -> None:
    """SIGKILL the process that leads the browser with that profile."""

    def leads(one: psutil.Process) -> bool:
        try:
            line = one.cmdline()
        except (psutil.ZombieProcess, psutil.NoSuchProcess):
            # Another browser's that ended meanwhile.
            return False
        return f"--user-data-dir={folder}" in line and not any(part.startswith("--type=") for part in line)

    found = [one for one in psutil.Process().children(recursive=True) if leads(one)]
    assert len(found) == 1
    found[0].kill()
    found[0].wait(5)


def test_who_changes_the_network_stays_in_the_call(driver: Playwright, platform: Platform, tab: Callable[..., Tab], tmp_path: Path) -> None:
    """An ICE restart, of the same connection: nothing is begun anew."""
    frames: list[str] = []
    meeting = Meeting(platform, recorded(tab, frames), relay_only="nobody")
    host = meeting.host.page
    with Roaming(tmp_path) as roaming:
        origin = platform.origin.replace("127.0.0.1", roaming.address)
        # Devices are for https and localhost alone, otherwise.
        browser = launched(driver, f"--unsafely-treat-insecure-origin-as-secure={origin}", program=roaming.program("chromium"))
        try:
            guest = Tab(browser.new_context())
            guest.context.add_init_script(SMALL)
            guest.page.goto(meeting.url.replace(platform.origin, origin))
            guest.page.get_by_label("Your name").fill("Grace")
            guest.page.get_by_role("button", name="Join").click()
            inside(guest.page)
            sees_and_hears(host, 1)
            sees_and_hears(guest.page, 1)
            seat = guest.page.evaluate("document.querySelector('fl-call').session.call.you")
            for page in (host, guest.page):
                page.evaluate(WATCH)
            roaming.close("first")
            time.sleep(1)
            roaming.open("second")
            began = time.monotonic()
            sees_and_hears(host, 1, 40)
            sees_and_hears(guest.page, 1, 40)
            seen = time.monotonic() - began
            raises_a_hand(host, guest.page)
            print(f"seen and heard {seen:.1f} s after the other way opened, signals after {time.monotonic() - began:.1f} s")
            assert seat == guest.page.evaluate("document.querySelector('fl-call').session.call.you")
            assert host.evaluate("watched.same()")
            assert not [frame for frame in frames if '"seat_left"' in frame]
        finally:
            browser.close()
