"""A call of real browsers, as its tests hold one: who is in it, and what arrives of whom."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Tab
from tests.browser.test_people import sign_up
from tests.fixtures.platform import Platform, wait_until

ARRIVES = """async () => {
  const found = {};
  for (const peer of document.querySelector('fl-call')?.session.peers() ?? []) {
    const one = {state: peer.state, after: peer.connectedAfter, frames: 0, width: 0, energy: 0, heard: 0, screen: 0};
    for (const entry of peer.raw === null ? [] : (await peer.raw.getStats()).values()) {
      if (entry.type !== 'inbound-rtp') continue;
      one.frames += entry.framesDecoded ?? 0;
      one.width = Math.max(one.width, entry.frameWidth ?? 0);
      one.energy += entry.totalAudioEnergy ?? 0;
      one.heard += entry.totalSamplesDuration ?? 0;
      if (entry.trackIdentifier === peer.received.screen?.id) one.screen = entry.framesDecoded ?? 0;
    }
    found[peer.seat] = one;
  }
  return found;
}"""
NEW_CALL = """async (wanted) => {
  const csrf = (await (await fetch('/api/v1/session')).json()).csrf;
  const post = async (path, body) => {
    const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': csrf};
    const answer = await fetch(`/api/v1/${path}`, {method: 'POST', headers, body: JSON.stringify(body)});
    if (!answer.ok) throw new Error(`${path} ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const call = await post('calls', wanted);
  const {url} = await post(`calls/${call.name}/invites`, {guests: true});
  return url;
}"""
SMALL = "localStorage.setItem('fanlight.calls.height', '180')"
"""Each picture is encoded once for everybody, on two cores."""
WATCH = """() => {
  const peers = () => document.querySelector('fl-call').session.peers();
  const first = peers().map((peer) => peer.raw);
  const watched = window.watched = {longest: 0, same: () => first.length > 0 && first.every((raw, index) => peers()[index]?.raw === raw)};
  let frames = 0, since = performance.now();
  setInterval(async () => {
    let now = 0;
    for (const raw of first) for (const one of (await raw.getStats()).values()) now += one.framesDecoded ?? 0;
    if (now > frames) since = performance.now();
    frames = now;
    watched.longest = Math.max(watched.longest, performance.now() - since);
  }, 250);
}"""
"""Keeps the longest time in milliseconds in which no picture was decoded, and whether the connections are still those of now."""

names = iter(f"host{n}" for n in range(1000))


class Meeting:
    """A call and its people; the first is its host."""

    def __init__(
        self, platform: Platform, tab: Callable[..., Tab], *, lobby: bool = False, relay_only: str = "guests", **options: Any
    ) -> None:
        self.platform = platform
        self.tab = tab
        self.host = tab(**options)
        self.host.context.add_init_script(SMALL)
        sign_up(self.host, platform, next(names))
        self.url: str = self.host.page.evaluate(NEW_CALL, {"title": "Rehearsal", "lobby": lobby, "relay_only": relay_only})
        self.host.page.goto(self.url.partition("#")[0])
        self.host.page.get_by_role("button", name="Ask to join" if lobby else "Join").click()
        inside(self.host.page)
        self.tabs = [self.host]

    def joins_signed_in(self, **options: Any) -> Tab:
        """Somebody with an account, who is in the call or waits in its lobby."""
        one = self.tab(**options)
        one.context.add_init_script(SMALL)
        sign_up(one, self.platform, next(names))
        one.page.goto(self.url)
        one.page.locator(".call-check button[type=submit]").click()
        self.tabs.append(one)
        return one

    def knocks(self, name: str, **options: Any) -> Tab:
        """A guest who pressed the button."""
        guest = self.tab(**options)
        guest.context.add_init_script(SMALL)
        guest.page.goto(self.url)
        guest.page.get_by_label("Your name").fill(name)
        guest.page.locator(".call-check button[type=submit]").click()
        self.tabs.append(guest)
        return guest

    def joins(self, name: str, **options: Any) -> Tab:
        """A guest who is in the call."""
        guest = self.knocks(name, **options)
        inside(guest.page)
        return guest

    def all_see_and_hear(self, within: float = 20) -> None:
        for one in self.tabs:
            sees_and_hears(one.page, len(self.tabs) - 1, within)


def inside(page: Page) -> None:
    expect(page.locator(".call")).to_be_visible()


def arrives(page: Page) -> dict[str, dict[str, Any]]:
    """What comes from each of the others, by seat."""
    return dict(page.evaluate(ARRIVES))


def sees_and_hears(page: Page, others: int, within: float = 20) -> None:
    """From now on pictures are decoded and the beeps of the fake microphone are heard, of so many others."""
    before: dict[str, dict[str, Any]] = {}

    def all_grow() -> bool:
        nonlocal before
        now = arrives(page)
        before = before or now
        return len(now) == others and all(grew(now[seat], before.get(seat)) for seat in now)

    wait_until(all_grow, within, f"{others} to be seen and heard, of {arrives(page)}")


def grew(now: dict[str, Any], before: dict[str, Any] | None) -> bool:
    # A connection that was begun anew counts from zero.
    base = before if before is not None and before["frames"] <= now["frames"] else {"frames": 0, "energy": 0}
    return bool(
        now["state"] == "connected" and now["width"] > 0 and now["frames"] >= base["frames"] + 5 and now["energy"] > base["energy"] + 1e-4
    )


def raises_a_hand(host: Page, guest: Page) -> None:
    host.keyboard.press("h")
    expect(guest.locator(".tile-hand")).to_be_visible(timeout=30_000)
