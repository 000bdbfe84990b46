"""Calls between real browsers: pictures and sound are counted where they arrive."""

import json
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.call_steps import Meeting, arrives, inside
from tests.browser.conftest import Tab
from tests.browser.test_states import looks_right
from tests.fixtures.platform import Platform, running_platform, wait_until

pytestmark = pytest.mark.browser

SCREENS: tuple[tuple[int, Literal["dark", "light"]], ...] = ((360, "dark"), (360, "light"), (1440, "light"))


def test_two_see_and_hear_each_other_and_a_killed_one_returns_to_its_seat(platform: Platform, tab: Callable[..., Tab]) -> None:
    meeting = Meeting(platform, tab)
    guest = meeting.joins("Grace")
    meeting.all_see_and_hear()
    seat = guest.page.evaluate("document.querySelector('fl-call').session.call.you")

    # Everything of the page is gone but what the browser keeps of its tab.
    guest.page.reload()
    inside(guest.page)
    assert guest.page.evaluate("document.querySelector('fl-call').session.call.you") == seat
    meeting.all_see_and_hear()
    expect(meeting.host.page.locator(".tile")).to_have_count(2)


SIGNALS_TAKE_THEIR_TIME = """(milliseconds) => {
  const {call} = document.querySelector('fl-call').session;
  const signal = call.signal.bind(call);
  call.signal = (...what) => setTimeout(() => signal(...what), milliseconds);
}"""


def sees_screens(page: Page) -> None:
    wait_until(lambda: all(one["screen"] >= 5 for one in arrives(page).values()), 20, "the other's screen")


def test_two_share_their_screens_at_once(platform: Platform, tab: Callable[..., Tab]) -> None:
    meeting = Meeting(platform, tab)
    meeting.joins("Grace")
    meeting.all_see_and_hear()
    pages = [one.page for one in meeting.tabs]
    for page in pages:
        # Either offer is on its way when the other is made.
        page.evaluate(SIGNALS_TAKE_THEIR_TIME, 1500)
    for page in pages:
        page.keyboard.press("s")
    for page in pages:
        sees_screens(page)
        expect(page.locator(".tile[data-kind=screen]")).to_have_count(2)
    meeting.all_see_and_hear()


def test_four_see_and_hear_each_other(platform: Platform, tab: Callable[..., Tab]) -> None:
    meeting = Meeting(platform, tab)
    for name in ("Grace", "Linus", "Barbara"):
        meeting.joins(name)
    meeting.all_see_and_hear(40)
    looks_right(meeting.host)


def test_media_outlive_the_signalling_process_and_signalling_comes_back(tab: Callable[..., Tab]) -> None:
    with running_platform() as platform:
        meeting = Meeting(platform, tab)
        guest = meeting.joins("Grace")
        meeting.all_see_and_hear()
        before = arrives(guest.page)
        platform.kill("web")
        expect(guest.page.locator(".call-head .badge").first).to_be_visible()
        meeting.all_see_and_hear()
        wait_until(lambda: guest.page.evaluate("document.querySelector('fl-call').session.call.reachable"), 30, "signalling to come back")
        wait_until(lambda: meeting.host.page.evaluate("document.querySelector('fl-call').session.call.reachable"), 30, "the host's too")
        # The same connections: nothing was decoded anew.
        assert all(after["frames"] > before[seat]["frames"] for seat, after in arrives(guest.page).items())
        meeting.host.page.keyboard.press("h")
        expect(guest.page.locator(".tile-hand")).to_be_visible()
        for one in meeting.tabs:
            one.faults.clear()


def test_a_lobby_is_opened_by_the_host_who_may_lock_and_remove(platform: Platform, tab: Callable[..., Tab]) -> None:
    meeting = Meeting(platform, tab, lobby=True)
    host = meeting.host.page
    guest = meeting.knocks("Grace")
    expect(guest.page.get_by_role("heading", name="Waiting to be let in")).to_be_visible()
    looks_right(guest)
    host.keyboard.press("p")
    host.get_by_role("button", name="Let in: Grace").click()
    inside(guest.page)
    meeting.all_see_and_hear()
    looks_right(meeting.host)

    refused = meeting.knocks("Mallory")
    host.get_by_role("button", name="Refuse: Mallory").click()
    expect(refused.page.get_by_role("heading", name="You were not let in")).to_be_visible()

    host.get_by_role("button", name="Lock the call").click()
    expect(host.get_by_role("button", name="Unlock the call")).to_be_visible()
    late = meeting.knocks("Late")
    expect(late.page.get_by_role("heading", name="The call is locked")).to_be_visible()

    host.locator("summary[aria-label='What to do with Grace']").click()
    host.get_by_role("button", name="Ask to mute").click()
    expect(guest.page.get_by_role("button", name="Unmute")).to_be_visible()
    host.locator("summary[aria-label='What to do with Grace']").click()
    host.get_by_role("button", name="Remove").click()
    expect(guest.page.get_by_role("heading", name="You were removed from this call")).to_be_visible()
    expect(host.locator(".tile")).to_have_count(1)


def test_a_stranger_learns_nothing_of_a_call(platform: Platform, tab: Callable[..., Tab]) -> None:
    meeting = Meeting(platform, tab)
    stranger = tab()
    for url in (meeting.url.partition("#")[0], f"{meeting.url}x", f"{platform.origin}/calls/{'0' * 26}#nothing"):
        stranger.page.goto("about:blank")
        stranger.page.goto(url)
        expect(stranger.page.get_by_role("heading", name="This link opens no call")).to_be_visible()
    looks_right(stranger)


def test_everything_is_done_by_keyboard(platform: Platform, tab: Callable[..., Tab]) -> None:
    meeting = Meeting(platform, tab)
    page = meeting.host.page
    for key, name in (("m", "Unmute"), ("m", "Mute"), ("v", "Camera on"), ("v", "Camera off"), ("h", "Lower hand"), ("h", "Raise hand")):
        page.keyboard.press(key)
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.type("mhv are letters here")
    page.keyboard.press("Enter")
    expect(page.locator(".said-one")).to_contain_text("mhv are letters here")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Chat")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Leave").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You left the call")).to_be_visible()


def sees(page: Page, seat: str) -> None:
    wait_until(lambda: arrives(page)[seat]["frames"] > 5, 20, "somebody to be seen")


def test_who_has_no_devices_is_told_why_and_joins_without(platform: Platform, tab: Callable[..., Tab]) -> None:
    meeting = Meeting(platform, tab)
    for name, problem in (("NotAllowedError", "denied"), ("NotFoundError", "missing"), ("NotReadableError", "busy")):
        guest = tab()
        guest.page.add_init_script(f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{name}'))")
        guest.page.goto(meeting.url)
        expect(guest.page.locator(f"[data-problem={problem}]")).to_be_visible()
        looks_right(guest)
        guest.page.get_by_label("Your name").fill(name)
        guest.page.get_by_role("button", name="Join").click()
        inside(guest.page)
        seat = meeting.host.page.evaluate("document.querySelector('fl-call').session.call.you")
        sees(guest.page, seat)
        guest.page.get_by_role("button", name="Leave").click()


def screens(page: Page) -> Iterator[int]:
    """The page in all sizes and colours that matter, one after the other: their widths."""
    for width, theme in SCREENS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=theme)
        yield width


def test_the_pages_look_right(platform: Platform, tab: Callable[..., Tab]) -> None:
    meeting = Meeting(platform, tab)
    page = meeting.host.page
    for _ in screens(page):
        looks_right(meeting.host)
        for panel in ("chat", "people", "settings"):
            page.locator(f".bar [data-panel={panel}]").click()
            expect(page.locator("#call-side")).to_be_visible()
            looks_right(meeting.host)
            page.locator("#call-side header button").click()
    page.get_by_role("button", name="Leave").click()
    for _ in screens(page):
        looks_right(meeting.host)
    page.goto(f"{platform.origin}/calls")
    expect(page.get_by_role("link", name="Rehearsal")).to_be_visible()
    for _ in screens(page):
        looks_right(meeting.host)


def test_a_ninth_person_is_told_that_the_call_is_full(platform: Platform, tab: Callable[..., Tab]) -> None:
    meeting = Meeting(platform, tab)
    sockets = meeting.host.context.new_page()
    sockets.goto(platform.home)
    call, _, secret = meeting.url.rpartition("/")[2].partition("#")
    entered = sockets.evaluate(
        """async ([call, secret]) => {
          const enter = async (name) => {
            const answer = await fetch('/api/v1/sockets', {method: 'POST', credentials: 'omit'});
            const {url} = answer.ok ? await answer.json() : {url: `ws://${location.host}/ws`};
            const socket = new WebSocket(url);
            (window.sockets ??= []).push(socket);
            socket.onopen = () => socket.send(JSON.stringify({type: 'hello', version: 1, client: 'test'}));
            return new Promise((tell) => {
              socket.onmessage = ({data}) => {
                const frame = JSON.parse(data);
                if (frame.type === 'welcome') socket.send(JSON.stringify({type: 'enter', id: 'e', call, invite: secret, name}));
                if (frame.id === 'e') tell(frame.type);
              };
            });
          };
          const told = [];
          for (let n = 1; n < 8; n += 1) told.push(await enter(`Person ${n}`));
          return told;
        }""",
        [call, secret],
    )
    assert entered == ["seated"] * 7, json.dumps(entered)
    ninth = meeting.knocks("Nine")
    expect(ninth.page.get_by_role("heading", name="The call is full")).to_be_visible()
    expect(ninth.page.get_by_text("more do not fit")).to_be_visible()
    sockets.close()
