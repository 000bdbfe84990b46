"""Studio to watch page, through everything between, in one browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from tests.browser.steps import end, go_live, look, wait_for_pictures
from tests.fixtures.platform import Platform, wait_until

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("codec", "lane"), [("h264", "passthrough"), ("vp8", "encode")])
def test_a_tab_goes_live_and_another_watches(platform: Platform, tab: Callable[..., Tab], codec: str, lane: str) -> None:
    viewer = tab()
    viewer.page.goto(platform.watch)
    expect(viewer.page.locator(".player")).not_to_have_attribute("data-stage", "loading")
    studio = tab()
    go_live(studio, platform, codec=codec)

    # The watch page was there first: it starts by itself.
    playing = wait_for_pictures(viewer.page, seconds=4)
    assert playing["stage"] == "live"
    assert (playing["width"], playing["height"]) == (640, 360)
    assert playing["frames"] > 30
    assert 0 < playing["latency"] < 6
    assert platform.wait_for_state("live")["picture"]["lane"] == lane

    rows = studio.page.locator("fl-health [data-number]")
    expect(rows.filter(has_text="Encoder")).to_contain_text(codec.upper())
    expect(rows.filter(has_text="Viewers")).to_contain_text("1")
    expect(rows.filter(has_text="Their latency")).to_contain_text(" s")
    assert not studio.violations()
    assert not viewer.violations()

    front = tab()
    front.page.goto(platform.home)
    expect(front.page.get_by_role("link", name="Main channel")).to_be_visible()
    assert not front.violations()

    end(studio)
    expect(viewer.page.get_by_role("heading", name="The broadcast has ended")).to_be_visible()
    expect(front.page.get_by_role("heading", name="Nobody is live yet")).to_be_visible()


def test_a_viewer_falls_behind_and_comes_back_to_live(platform: Platform, tab: Callable[..., Tab]) -> None:
    studio, viewer = tab(), tab()
    go_live(studio, platform)
    platform.wait_for_state("live")
    viewer.page.goto(platform.watch)
    wait_for_pictures(viewer.page, seconds=6)
    viewer.page.keyboard.press("ArrowLeft")
    button = viewer.page.get_by_role("button", name="go live")
    expect(button).to_contain_text("go live")
    button.click()
    expect(viewer.page.get_by_text("Live", exact=True).first).to_be_visible()
    wait_until(lambda: look(viewer.page)["latency"] < 4, 10, "the latency to be that of live")
    end(studio)


def test_a_second_tab_takes_over_and_the_first_one_stops(platform: Platform, tab: Callable[..., Tab]) -> None:
    first, second, viewer = tab(), tab(), tab()
    go_live(first, platform)
    viewer.page.goto(platform.watch)
    wait_for_pictures(viewer.page)
    go_live(second, platform)
    expect(first.page.get_by_text("Someone else went live on this channel")).to_be_visible()
    wait_for_pictures(viewer.page, seconds=2)
    end(second)


def test_a_reloaded_studio_goes_back_on_air_and_viewers_keep_their_broadcast(platform: Platform, tab: Callable[..., Tab]) -> None:
    studio, viewer = tab(), tab()
    go_live(studio, platform)
    viewer.page.goto(platform.watch)
    wait_for_pictures(viewer.page)
    began = platform.state()["started_ms"]
    studio.page.on("dialog", lambda dialog: dialog.accept())
    studio.page.reload()
    studio.page.get_by_role("button", name="Back on air").click()
    expect(studio.page.locator(".go")).to_have_attribute("data-phase", "live")
    wait_for_pictures(viewer.page, seconds=3)
    assert platform.wait_for_state("live")["started_ms"] == began
    end(studio)
    expect(studio.page.get_by_role("button", name="Go live again")).to_be_visible()


@pytest.mark.faults
@pytest.mark.parametrize("role", ["ingest", "edge", "valkey", "web"])
def test_a_killed_role_is_survived_without_a_reload(platform: Platform, tab: Callable[..., Tab], role: str) -> None:
    studio, viewer = tab(), tab()
    go_live(studio, platform)
    viewer.page.goto(platform.watch)
    wait_for_pictures(viewer.page, seconds=2)
    platform.kill(role)
    viewer.page.wait_for_timeout(3_000)
    platform.wait_for_state("live", within=20)
    wait_for_pictures(viewer.page, seconds=3)
    expect(studio.page.locator(".go")).to_have_attribute("data-phase", "live")
    end(studio)
    # Refused connections are news of the browser's own; what matters is that both pages lived on.
    studio.faults.clear()
    viewer.faults.clear()
