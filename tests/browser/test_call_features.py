"""What one can do in a call, between two browsers that stay in it: each test leaves the call as it found it."""

from collections.abc import Callable, Iterator
from functools import partial
from operator import eq, not_, truth
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.call_steps import Meeting, arrives, inside, sees_and_hears
from tests.browser.conftest import Tab, opening
from tests.browser.test_states import looks_right
from tests.fixtures.platform import Platform, wait_until

pytestmark = pytest.mark.browser

WATCH_NEGOTIATION = """() => {
  window.negotiated = 0;
  for (const peer of document.querySelector('fl-call').session.peers())
    for (const event of ['negotiationneeded', 'signalingstatechange']) peer.raw.addEventListener(event, () => (window.negotiated += 1));
}"""


@pytest.fixture(scope="module")
def call(chromium: Browser, platform: Platform) -> Iterator[Meeting]:
    """A host, and somebody with an account whom they let in from the lobby."""
    with opening(chromium) as tab:

        def losing(**options: Any) -> Tab:
            one = tab(**options)
            one.lose(0)
            return one

        meeting = Meeting(platform, losing, lobby=True)
        other = meeting.joins_signed_in()
        meeting.host.page.keyboard.press("p")
        meeting.host.page.locator("[data-knock] button").first.click()
        inside(other.page)
        meeting.host.page.keyboard.press("p")
        meeting.all_see_and_hear()
        yield meeting


@pytest.fixture
def host(call: Meeting) -> Page:
    return call.tabs[0].page


@pytest.fixture
def other(call: Meeting) -> Page:
    return call.tabs[1].page


@pytest.fixture(autouse=True)
def nothing_negotiated(host: Page, other: Page) -> Iterator[None]:
    """Whatever is switched: both go on with the descriptions they began with. A screen's first time says so itself."""
    for page in (host, other):
        page.evaluate(WATCH_NEGOTIATION)
    yield
    assert [page.evaluate("window.negotiated") for page in (host, other)] == [0, 0]


def from_host(page: Page) -> dict[str, float]:
    """What arrives from the first of the others."""
    seat = page.evaluate("document.querySelector('fl-call').session.call.seats.find((seat) => seat.role === 'host').seat")
    return arrives(page)[seat]


def is_silent(page: Page) -> None:
    """Sound arrives for two seconds, and nothing is in it."""
    before = from_host(page)

    def two_seconds_of_nothing() -> bool:
        nonlocal before
        now = from_host(page)
        if now["energy"] > before["energy"] + 1e-4:
            before = now
        return now["heard"] >= before["heard"] + 2

    wait_until(two_seconds_of_nothing, 20, "silence")


def is_heard(page: Page) -> None:
    before = from_host(page)["energy"]
    wait_until(lambda: from_host(page)["energy"] > before + 1e-4, 20, "beeps")


def test_a_screen_is_shared_beside_the_camera(call: Meeting, host: Page, other: Page) -> None:
    before = from_host(other)
    host.keyboard.press("s")
    expect(host.get_by_role("button", name="Stop sharing")).to_be_visible()
    expect(other.locator(".spotlight > .tile[data-kind=screen]")).to_be_visible()
    wait_until(lambda: from_host(other)["screen"] >= before["screen"] + 5, 20, "frames of the screen")
    now = from_host(other)
    wait_until(
        lambda: from_host(other)["frames"] - from_host(other)["screen"] >= now["frames"] - now["screen"] + 5, 20, "the camera's frames"
    )
    looks_right(call.tabs[1])
    host.keyboard.press("s")
    expect(other.locator(".tile[data-kind=screen]")).to_have_count(0)

    # A way for it was agreed on once, by one offer and one answer, and is there for the next time.
    assert [page.evaluate("window.negotiated") for page in (host, other)] == [2, 2]
    for page in (host, other):
        page.evaluate("window.negotiated = 0")
    shown = from_host(other)["screen"]
    host.keyboard.press("s")
    wait_until(lambda: from_host(other)["screen"] >= shown + 5, 20, "frames of the screen once more")
    host.keyboard.press("s")
    expect(other.locator(".tile[data-kind=screen]")).to_have_count(0)


def test_push_to_talk_is_silent_until_the_key_is_held(host: Page, other: Page) -> None:
    host.locator(".bar [data-panel=settings]").click()
    host.get_by_label("Push to talk").check()
    host.locator("#call-side header button").click()
    # A button that was pressed with the pointer still has the focus: the space bar talks all the same.
    for name in ("Raise hand", "Lower hand"):
        host.get_by_role("button", name=name).click()
    is_silent(other)
    host.keyboard.down(" ")
    expect(host.get_by_role("button", name="Hold to talk")).to_have_attribute("aria-pressed", "true")
    is_heard(other)
    host.keyboard.up(" ")
    expect(host.get_by_role("button", name="Raise hand")).to_be_visible()
    is_silent(other)
    host.locator(".bar [data-panel=settings]").click()
    host.get_by_label("Push to talk").uncheck()
    host.keyboard.press("Escape")
    is_heard(other)


def becomes(page: Page, kind: str, setting: str, wanted: Callable[[Any], bool]) -> None:
    """Wait until a track of ours has that setting."""
    found = f"document.querySelector('fl-call').session.devices.{kind}?.getSettings().{setting}"
    wait_until(lambda: wanted(page.evaluate(found)), 10, f"another {setting} of the {kind}")


def test_devices_are_switched_and_treated_without_negotiating(host: Page, other: Page) -> None:
    host.locator(".bar [data-panel=settings]").click()
    for label, kind in (("Camera", "camera"), ("Microphone", "microphone")):
        field = host.locator("#call-side label.field", has_text=label).locator("select")
        before = field.input_value()
        # The fake camera between the first and the last sees depths, which are no pictures to send.
        chosen = field.locator("option:not(:checked)").last.get_attribute("value")
        field.select_option(chosen)
        becomes(host, kind, "deviceId", partial(eq, chosen))
        expect(field).not_to_have_value(before)
        sees_and_hears(other, 1)
    for label, treatment in (
        ("Suppress noise", "noiseSuppression"),
        ("Suppress echo", "echoCancellation"),
        ("Even out loudness", "autoGainControl"),
    ):
        becomes(host, "microphone", treatment, truth)
        host.get_by_label(label).uncheck()
        becomes(host, "microphone", treatment, not_)
    is_heard(other)
    host.keyboard.press("Escape")


def test_the_background_is_blurred_where_the_camera_can(host: Page) -> None:
    host.locator(".bar [data-panel=settings]").click()
    blur = host.get_by_label("Blur the background")
    becomes(host, "camera", "backgroundBlur", not_)
    blur.check()
    becomes(host, "camera", "backgroundBlur", truth)
    host.get_by_label("Largest picture you send").select_option("360")
    becomes(host, "camera", "height", partial(eq, 360))
    becomes(host, "camera", "backgroundBlur", truth)
    blur.uncheck()
    becomes(host, "camera", "backgroundBlur", not_)
    host.get_by_role("button", name="Camera off").click()
    expect(blur).to_have_count(0)
    host.get_by_role("button", name="Camera on").click()
    expect(blur).to_be_visible()
    host.keyboard.press("Escape")


def test_picture_in_picture_shows_the_other(host: Page) -> None:
    assert host.evaluate("document.pictureInPictureEnabled")
    small = "document.pictureInPictureElement?.closest('.tile:not([data-you])') != null"
    host.get_by_role("button", name="Picture in picture").click()
    wait_until(lambda: host.evaluate(small), 10, "the small window")
    host.get_by_role("button", name="Picture in picture").click()
    wait_until(lambda: not host.evaluate(small), 10, "the small window to be gone")


def test_a_cohost_lets_in_and_puts_out_until_they_are_none(call: Meeting, host: Page, other: Page) -> None:
    host.keyboard.press("p")
    other.keyboard.press("p")
    expect(other.get_by_role("button", name="Lock the call")).to_have_count(0)
    more = host.locator("#call-side .person summary")
    more.click()
    host.get_by_role("button", name="Make co-host").click()
    expect(other.get_by_role("button", name="Lock the call")).to_be_visible()

    guest = call.knocks("Linus").page
    call.tabs.pop()
    other.get_by_role("button", name="Let in: Linus").click()
    inside(guest)
    guest.keyboard.press("h")
    # Never the host.
    expect(other.locator("#call-side .person summary")).to_have_count(1)
    for order, button in (("Lower hand", "Raise hand"), ("Ask to mute", "Unmute")):
        other.locator("summary[aria-label='What to do with Linus']").click()
        other.locator(".choices-menu").get_by_role("button", name=order).click()
        expect(guest.locator(".bar").get_by_role("button", name=button)).to_be_visible()
    expect(guest.get_by_text("asked you to mute")).to_be_visible()
    other.locator("summary[aria-label='What to do with Linus']").click()
    other.get_by_role("button", name="Remove").click()
    expect(guest.get_by_role("heading", name="You were removed from this call")).to_be_visible()

    more.click()
    host.get_by_role("button", name="No longer co-host").click()
    expect(other.get_by_role("button", name="Lock the call")).to_have_count(0)
    for page in (host, other):
        page.keyboard.press("Escape")


def test_what_is_written_is_counted_until_it_is_read(host: Page, other: Page) -> None:
    other.keyboard.press("c")
    other.keyboard.type("Bar 32, please")
    other.keyboard.press("Enter")
    host.get_by_role("button", name="Chat, 1 new").click()
    expect(host.locator(".said-one")).to_contain_text("Bar 32, please")
    expect(host.get_by_role("button", name="Chat", exact=True)).to_be_visible()
    for page in (host, other):
        page.keyboard.press("Escape")


def test_how_good_the_connection_is_stands_at_the_tile_and_in_numbers(host: Page) -> None:
    mark = host.locator(".tile .bars")
    expect(mark).to_be_visible(timeout=15_000)
    assert mark.get_attribute("data-quality") in {"good", "fair", "poor"}
    host.keyboard.press("p")
    expect(host.locator(".person .measured")).to_contain_text("lost")
    host.keyboard.press("p")


def test_pictures_give_way_to_sound_where_the_way_up_carries_none(call: Meeting, host: Page, other: Page) -> None:
    call.host.lose(55)
    expect(host.get_by_text("Your connection carries no pictures")).to_be_visible(timeout=40_000)
    expect(other.locator(".tile:not([data-you]) .no-picture")).to_be_visible()
    call.host.lose(0)
    is_heard(other)
    host.get_by_role("button", name="Send pictures anyway").click()
    expect(other.locator(".tile:not([data-you]) video")).to_be_visible()
    sees_and_hears(other, 1)


def test_its_host_ends_the_call_for_everybody(host: Page, other: Page) -> None:
    """The last one of this module: afterwards there is no call."""
    host.keyboard.press("p")
    host.get_by_role("button", name="End for everybody").click()
    host.get_by_role("dialog").get_by_role("button", name="End for everybody").click()
    for page in (host, other):
        expect(page.get_by_role("heading", name="The call is over")).to_be_visible()
