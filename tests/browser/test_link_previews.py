"""What links in a chat lead to: asked of the server when seen, and nobody who reads is moved by the answer."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.chat_steps import enter, meeting, row, say
from tests.browser.conftest import Tab
from tests.fixtures.platform import Platform

pytestmark = pytest.mark.browser

TITLE = "All about <b>cats</b> and where they sleep when nobody is looking at them"
TOP = "(row) => row.getBoundingClientRect().top"


def answers(page: Page) -> list[Route]:
    """Let the interface wait with what it says of links: pages of other sites can't be had at will."""
    asked: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route)

    page.route("**/chat/preview*", hold)
    return asked


def answer(route: Route, title: str | None) -> None:
    if title is None:
        body, status = {"type": "about:blank", "title": "", "status": 404, "code": "not_found", "detail": "", "data": {}}, 404
    else:
        body, status = {"title": title, "description": "", "site": "Pages"}, 200
    route.fulfill(status=status, content_type="application/json", body=json.dumps(body))


def switch_on(page: Page, platform: Platform, channel: str) -> None:
    """From the moderation page, as the team does."""
    page.goto(f"{platform.origin}/moderate/{channel}")
    page.get_by_role("tab", name="Modes").click()
    with page.expect_response(lambda response: response.request.method == "PATCH" and response.ok):
        page.get_by_label("Link previews").click()


def test_links_are_looked_up_when_they_are_seen(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, viewer = meeting(tab, platform, "links", "lina", "leo")
    page = viewer.page
    asked = answers(page)
    say(owner.page, "off https://pages.example/off")
    expect(row(page, "off")).to_be_visible()
    expect(page.locator("fl-link-preview")).to_have_count(0)

    switch_on(owner.page, platform, "links")
    for one in (owner, viewer):
        enter(one.page, platform, "links")
    with page.expect_request(lambda request: "preview" in request.url and "cats" in request.url):
        say(owner.page, "first https://pages.example/cats")
    shown = row(page, "first").locator("fl-link-preview")
    before = shown.bounding_box()
    for route in asked:
        answer(route, TITLE if "cats" in route.request.url else None)
    expect(shown.get_by_role("link")).to_contain_text("All about <b>cats</b>")
    expect(page.locator("fl-link-preview b")).to_have_count(0)
    after = shown.bounding_box()
    assert before is not None
    assert after is not None
    assert before["height"] == after["height"]
    # What leads to nothing takes no room.
    expect(row(page, "off").locator("fl-link-preview")).to_be_hidden()
    assert page.locator("fl-link-preview img").count() == 0
    assert not viewer.violations()

    # Asked once, however often it is posted.
    known = len(asked)
    say(owner.page, "again https://pages.example/cats")
    expect(row(page, "again").locator("fl-link-preview").get_by_role("link")).to_be_visible()
    assert len(asked) == known
    shown.hover()
    shown.get_by_role("button", name="Hide this preview").click()
    expect(shown).to_be_hidden()

    page.get_by_label("Chat settings").click()
    page.get_by_label("Show what links lead to").uncheck()
    expect(page.locator("fl-link-preview")).to_have_count(0)


def test_who_reads_back_is_not_moved(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, viewer = meeting(tab, platform, "archive", "arno", "anja")
    page = viewer.page
    switch_on(owner.page, platform, "archive")
    enter(owner.page, platform, "archive")
    for number in range(12):
        say(owner.page, f"number {number}. https://pages.example/{number}")
    for number in range(25):
        say(owner.page, f"line {number}.")
    expect(row(owner.page, "line 24.")).to_be_visible(timeout=20_000)
    asked = answers(page)
    enter(page, platform, "archive")
    expect(row(page, "line 24.")).to_be_in_viewport()
    page.wait_for_timeout(600)
    # Nobody sees the links: nobody asks.
    assert asked == []
    page.locator(".scroller").evaluate("(list) => { list.scrollTop = 60; }")
    page.wait_for_timeout(800)
    seen = {route.request.url.rpartition("%2F")[2] for route in asked}
    assert "2" in seen
    assert "11" not in seen
    places = [row(page, f"number {number}.").evaluate(TOP) for number in range(4)]
    for route in asked:
        answer(route, "Something" if route.request.url.endswith("2") else None)
    expect(row(page, "number 2.").locator("fl-link-preview a")).to_be_visible()
    page.wait_for_timeout(300)
    assert [row(page, f"number {number}.").evaluate(TOP) for number in range(4)] == places
