"""Every screen in all its states, dark and light, phone to desktop, for eyes and for screen readers."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Tab
from tests.browser.steps import go_live
from tests.fixtures.platform import Platform, running_platform

pytestmark = pytest.mark.browser

SCREENS = [
    pytest.param({"width": width, "theme": theme}, id=f"{width} {theme}")
    for width, theme in ((360, "dark"), (360, "light"), (768, "dark"), (1440, "light"))
]


def looks_right(tab: Tab) -> None:
    """Nothing serious for axe, nothing wider than the screen."""
    assert not tab.violations()
    too_wide = tab.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0


def says(page: Page, channel: dict[str, Any]) -> None:
    """Let the interface say something of a channel that can't be had at will."""

    page.route("**/api/v1/channels/*/events", lambda route: route.abort())
    page.route("**/api/v1/channels/*", lambda route: route.fulfill(content_type="application/json", body=json.dumps(channel)))


def fails(page: Page, path: str) -> None:
    page.route(path, lambda route: route.abort())


@pytest.mark.parametrize("screen", SCREENS)
def test_an_empty_front_page_tells_how_to_go_live(platform: Platform, tab: Callable[..., Tab], screen: dict[str, Any]) -> None:
    front = tab(**screen)
    front.page.goto(platform.home)
    expect(front.page.get_by_role("heading", name="Nobody is live yet")).to_be_visible()
    expect(front.page.get_by_text("fanlight publish --url")).to_contain_text("--test-pattern")
    looks_right(front)


def test_the_front_page_shows_its_layout_while_it_loads_and_says_when_it_can_not(platform: Platform, tab: Callable[..., Tab]) -> None:
    front = tab()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    front.page.route("**/api/v1/broadcasts", hold)
    front.page.goto(platform.home)
    expect(front.page.locator(".card .skeleton").first).to_be_visible()
    looks_right(front)
    held[0].abort()
    expect(front.page.get_by_role("alert")).to_contain_text("did not load")
    looks_right(front)


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("offline", "main is offline"),
        ("starting", "The broadcast is about to start"),
        ("ended", "The broadcast has ended"),
    ],
)
def test_the_watch_page_says_what_is_the_matter(
    platform: Platform, tab: Callable[..., Tab], state: str, words: str, screen: dict[str, Any]
) -> None:
    viewer = tab(**screen)
    says(viewer.page, platform.state() | {"state": state})
    viewer.page.goto(platform.watch)
    expect(viewer.page.get_by_role("heading", name=words)).to_be_visible()
    looks_right(viewer)


def test_a_channel_that_does_not_exist_is_told_from_a_server_that_does_not_answer(platform: Platform, tab: Callable[..., Tab]) -> None:
    nowhere, silent = tab(), tab()
    nowhere.page.goto(f"{platform.origin}/watch/nobody")
    expect(nowhere.page.get_by_role("heading", name="There is no channel")).to_be_visible()
    looks_right(nowhere)
    fails(silent.page, "**/api/v1/channels/**")
    silent.page.goto(platform.watch)
    expect(silent.page.get_by_role("heading", name="This channel did not load")).to_be_visible()
    looks_right(silent)


def test_a_page_that_is_not_there_leads_home(platform: Platform, tab: Callable[..., Tab]) -> None:
    lost = tab()
    lost.page.goto(f"{platform.origin}/nowhere")
    lost.page.get_by_role("link", name="Go to the front page").click()
    expect(lost.page).to_have_url(platform.home)


@pytest.mark.parametrize("screen", SCREENS)
def test_the_studio_is_ready_when_the_camera_is(platform: Platform, tab: Callable[..., Tab], screen: dict[str, Any]) -> None:
    studio = tab(**screen)
    studio.page.goto(platform.studio)
    expect(studio.page.locator(".go")).to_have_attribute("data-phase", "ready")
    expect(studio.page.get_by_role("button", name="Go live")).to_be_disabled()
    looks_right(studio)


@pytest.mark.parametrize(
    ("name", "problem"),
    [("NotAllowedError", "denied"), ("NotFoundError", "missing"), ("NotReadableError", "busy"), ("TypeError", "device")],
)
def test_the_studio_says_why_there_is_no_camera(platform: Platform, tab: Callable[..., Tab], name: str, problem: str) -> None:
    studio = tab()
    studio.page.add_init_script(
        f"""navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{name}'));
        navigator.permissions.query = () => Promise.reject(new Error('not here'));"""
    )
    studio.page.goto(platform.studio)
    studio.page.get_by_role("button", name="Use camera and microphone").click()
    expect(studio.page.locator(f"[data-problem={problem}]")).to_be_visible()
    expect(studio.page.get_by_role("button", name="Use camera and microphone")).to_be_visible()
    looks_right(studio)


def test_a_wrong_key_is_refused_in_words_and_can_be_mended(platform: Platform, tab: Callable[..., Tab]) -> None:
    studio = tab()
    studio.page.goto(f"{platform.studio}?countdown=0")
    studio.page.get_by_label("Channel name").fill(platform.channel)
    studio.page.get_by_label("Stream key").fill("wrong")
    studio.page.get_by_role("button", name="Go live").click()
    problem = studio.page.locator("[data-problem=key]")
    expect(problem).to_contain_text("The channel or its key is wrong")
    expect(problem).to_contain_text("key_refused")
    looks_right(studio)
    studio.page.get_by_label("Stream key").fill(platform.key)
    expect(problem).to_be_hidden()


def test_the_key_lives_in_the_tab_only(platform: Platform, tab: Callable[..., Tab]) -> None:
    studio = tab()
    studio.page.goto(platform.studio)
    studio.page.get_by_label("Stream key").fill("a-secret-key")
    assert "a-secret-key" not in json.dumps(studio.page.evaluate("({...localStorage})"))
    assert "a-secret-key" not in studio.page.url
    studio.page.reload()
    expect(studio.page.get_by_label("Stream key")).to_have_value("a-secret-key")


def test_an_unreachable_server_is_told_from_a_blocked_media_path(tab: Callable[..., Tab]) -> None:
    # TEST-NET-1 (RFC 5737): the server announces an address nobody answers at.
    with running_platform(FANLIGHT_ANNOUNCED_IPS="192.0.2.1") as platform:
        blocked, unreachable = tab(), tab()
        for studio in (blocked, unreachable):
            studio.page.goto(f"{platform.studio}?countdown=0")
            studio.page.get_by_label("Channel name").fill(platform.channel)
            studio.page.get_by_label("Stream key").fill(platform.key)
        fails(unreachable.page, "**/whip/**")
        unreachable.page.get_by_role("button", name="Go live").click()
        expect(unreachable.page.locator("[data-problem=server]")).to_be_visible()
        blocked.page.get_by_role("button", name="Go live").click()
        expect(blocked.page.locator("[data-problem=udp]")).to_contain_text("a firewall blocks UDP", timeout=20_000)


def test_going_live_counts_down_and_can_be_called_off(platform: Platform, tab: Callable[..., Tab]) -> None:
    studio = tab()
    studio.page.goto(platform.studio)
    studio.page.get_by_label("Channel name").fill(platform.channel)
    studio.page.get_by_label("Stream key").fill(platform.key)
    studio.page.get_by_role("button", name="Go live").click()
    expect(studio.page.get_by_role("timer")).to_contain_text("Live in")
    studio.page.get_by_role("button", name="Cancel").click()
    expect(studio.page.locator(".go")).to_have_attribute("data-phase", "ready")
    assert platform.state()["state"] in {"offline", "ended"}


def test_a_click_without_a_hold_asks_before_it_ends(platform: Platform, tab: Callable[..., Tab]) -> None:
    studio = tab()
    go_live(studio, platform)
    # What assistive programs do: a click without a press.
    studio.page.get_by_role("button", name="Hold to end").evaluate("(button) => button.click()")
    dialog = studio.page.get_by_role("dialog", name="End the broadcast?")
    looks_right(studio)
    dialog.get_by_role("button", name="Stay live").click()
    expect(studio.page.locator(".go")).to_have_attribute("data-phase", "live")
    studio.page.get_by_role("button", name="Hold to end").evaluate("(button) => button.click()")
    dialog.get_by_role("button", name="End broadcast").click()
    expect(studio.page.locator(".go")).to_have_attribute("data-phase", "ended")


def test_the_theme_follows_the_system_until_chosen_and_is_kept(platform: Platform, tab: Callable[..., Tab]) -> None:
    front = tab(theme="light")
    front.page.goto(platform.home)
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = front.page.evaluate(background)
    front.page.get_by_role("button", name="Colours").click()
    dark = front.page.evaluate(background)
    assert dark != light
    front.page.reload()
    assert front.page.evaluate(background) == dark


def test_everything_is_reached_by_keyboard_and_the_first_stop_skips_the_head(platform: Platform, tab: Callable[..., Tab]) -> None:
    front = tab()
    front.page.goto(platform.home)
    expect(front.page.get_by_role("heading", name="Nobody is live yet")).to_be_visible()
    stops = []
    for _ in range(7):
        front.page.keyboard.press("Tab")
        stops.append(front.page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent.trim()"))
    assert stops[0] == "Skip to the content"
    assert "Open the studio" in stops


def test_nothing_moves_for_those_who_want_no_motion(platform: Platform, tab: Callable[..., Tab]) -> None:
    front = tab(reduced_motion="reduce")
    front.page.goto(platform.home)
    expect(front.page.get_by_role("heading", name="Nobody is live yet")).to_be_visible()
    assert front.page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("path", ["", "studio", "watch/main"])
def test_pages_survive_double_zoom_long_words_and_right_to_left(platform: Platform, tab: Callable[..., Tab], path: str) -> None:
    # 200 % zoom of a 1280 pixel window leaves 640 of them.
    page = tab(width=640, height=400).page
    page.goto(platform.home + path)
    page.locator("main").wait_for()
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
