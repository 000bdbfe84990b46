"""Who talks by relays alone, through what befalls these: a relay that dies, and another network."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.browser.call_steps import SMALL, WATCH, Meeting, inside, raises_a_hand, sees_and_hears
from tests.browser.conftest import Tab, launched, opening
from tests.fixtures.coturn import SECRET, Coturn
from tests.fixtures.platform import running_platform, wait_until
from tests.fixtures.programs import free_port
from tests.fixtures.roaming import Roaming

pytestmark = pytest.mark.browser

RELAYS = """async () => {
  const found = [];
  for (const {raw} of document.querySelector('fl-call').session.peers()) {
    const report = await raw.getStats();
    for (const {type, selectedCandidatePairId: pair} of report.values()) {
      if (type === 'transport' && pair) found.push(report.get(report.get(pair).localCandidateId).url);
    }
  }
  return found;
}"""
"""The relay each connection goes by here."""
FLOWS = """() => {
  const peers = document.querySelector('fl-call').session.peers().map(({raw}) => raw);
  const flows = window.flows = {longest: 0};
  let packets = 0, since = performance.now();
  setInterval(async () => {
    let now = 0;
    for (const raw of peers) for (const one of (await raw.getStats()).values()) if (one.kind === 'audio') now += one.packetsReceived ?? 0;
    if (now > packets) since = performance.now();
    packets = now;
    flows.longest = Math.max(flows.longest, performance.now() - since);
  }, 100);
}"""
"""Keeps the longest time in milliseconds in which no packet of sound came."""
DEAD = 5_000
"""Milliseconds in which media flow again."""


@dataclass(frozen=True, slots=True)
class Talk:
    """Two people who are hidden from each other. The guest's browser is in a place with two ways out; ``second`` does not run yet."""

    host: Page
    guest: Page
    roaming: Roaming
    first: Coturn
    second: Coturn

    @property
    def pages(self) -> tuple[Page, Page]:
        return self.host, self.guest

    def watch(self) -> None:
        for page in self.pages:
            page.evaluate(WATCH)
            page.evaluate(FLOWS)

    def longest(self) -> float:
        """Without sound, at either, in milliseconds. Nobody began anew meanwhile."""
        assert all(page.evaluate("watched.same()") for page in self.pages)
        sound, pictures = (max(float(page.evaluate(f"{kept}.longest")) for page in self.pages) for kept in ("flows", "watched"))
        print(f"no sound for {sound:.0f} ms, no picture for {pictures:.0f} ms")
        return sound

    def goes_by(self, relay: Coturn) -> bool:
        return all(page.evaluate(RELAYS) == list(relay.urls) for page in self.pages)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    folder = tmp_path_factory.mktemp("relayed")
    with Roaming(folder) as roaming:
        first, second = (relay(folder / name, roaming.address) for name in ("first", "second"))
        first.start()
        urls = ",".join((*first.urls, *second.urls))
        try:
            with running_platform(FANLIGHT_HOST="0.0.0.0", FANLIGHT_TURN_URLS=urls, FANLIGHT_TURN_SECRET=SECRET) as platform:
                origin = platform.origin.replace("127.0.0.1", roaming.address)
                with sync_playwright() as playwright:
                    browser = launched(playwright)
                    # Devices are for https and localhost alone, otherwise.
                    away = launched(playwright, f"--unsafely-treat-insecure-origin-as-secure={origin}", program=roaming.program("chromium"))
                    with opening(browser) as here, opening(away) as there:
                        meeting = Meeting(platform, here, relay_only="everybody")
                        guest = joined(there(), meeting.url.replace(platform.origin, origin))
                        yield Talk(meeting.host.page, guest.page, roaming, first, second)
                    away.close()
                    browser.close()
        finally:
            first.kill()
            second.kill()


def relay(folder: Path, address: str) -> Coturn:
    folder.mkdir()
    return Coturn(folder, hosts=(address,), allowed=(address,), port=free_port())


def joined(guest: Tab, url: str) -> Tab:
    guest.context.add_init_script(SMALL)
    guest.page.goto(url)
    guest.page.get_by_label("Your name").fill("Grace")
    guest.page.get_by_role("button", name="Join").click()
    inside(guest.page)
    return guest


def test_when_a_relay_dies_media_flow_again_by_another_within_five_seconds(talk: Talk) -> None:
    """By one that did not run when they met: only a restart can find it. Had both known it, the browsers could change by themselves."""
    for page in talk.pages:
        sees_and_hears(page, 1)
    assert talk.goes_by(talk.first)
    talk.second.start()
    talk.watch()
    talk.first.kill()
    wait_until(lambda: talk.goes_by(talk.second), 20, "both to go by the other relay")
    for page in talk.pages:
        sees_and_hears(page, 1)
    assert talk.longest() < DEAD


def test_who_changes_the_network_is_relayed_again(talk: Talk) -> None:
    """An ICE restart, of the same connection: nothing is begun anew."""
    for page in talk.pages:
        sees_and_hears(page, 1)
    talk.watch()
    talk.roaming.close("first")
    time.sleep(1)
    talk.roaming.open("second")
    began = time.monotonic()
    for page in talk.pages:
        sees_and_hears(page, 1, 40)
    seen = time.monotonic() - began
    raises_a_hand(talk.host, talk.guest)
    print(f"seen and heard {seen:.1f} s after the other way opened, signals after {time.monotonic() - began:.1f} s")
    talk.longest()
    assert talk.goes_by(talk.second)
