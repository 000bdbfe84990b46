"""What there is to a chat beside its messages: polls, pins, mentions, bans and appeals, and the places where a chat is shown."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.chat_steps import enter, meeting, open_card, row, say
from tests.browser.conftest import Tab
from tests.browser.steps import end, go_live, wait_for_pictures
from tests.browser.test_people import create_channel, sign_up
from tests.fixtures.platform import Platform

pytestmark = pytest.mark.browser


def test_a_ban_from_the_card_is_taken_back_or_appealed(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, viewer = meeting(tab, platform, "gate", "greta", "gus")
    say(viewer.page, "let me in")
    card = open_card(owner.page, "let me in")
    banned = viewer.page.locator("[data-code=chat_banned]")
    card.get_by_label("Reason").fill("Spam")
    card.get_by_role("button", name="Ban", exact=True).click()
    expect(banned).to_be_visible()
    card.get_by_role("button", name="Undo").click()
    expect(card.get_by_text("Taken back.")).to_be_visible()
    viewer.page.get_by_role("button", name="Try again").click()
    expect(viewer.page.get_by_label("Your message")).to_be_visible()

    card.get_by_role("button", name="Ban", exact=True).click()
    expect(banned).to_be_visible()
    viewer.page.get_by_text("Ask to be let back in").click()
    assert not viewer.violations()
    viewer.page.get_by_label("Why should the ban be lifted?").fill("It was my cat.")
    viewer.page.get_by_role("button", name="Send appeal").click()
    expect(viewer.page.get_by_text("The team has your appeal")).to_be_visible()

    with owner.context.expect_page() as opened:
        card.get_by_role("link", name="Everything about this account").click()
    desk = opened.value
    desk.set_viewport_size({"width": 1440, "height": 900})
    expect(desk.locator("fl-person .names")).to_contain_text("gus")
    expect(desk.locator("fl-queue .wait[data-id]")).to_contain_text("It was my cat.")
    desk.get_by_label("Answer").fill("No cats here")
    desk.get_by_role("button", name="Deny").click()
    expect(desk.get_by_text("Nothing waits")).to_be_visible()
    viewer.page.reload()
    expect(viewer.page.get_by_text("Your appeal was denied.")).to_contain_text("No cats here")
    card.get_by_role("button", name="Lift ban").click()
    expect(card.get_by_text("Done.")).to_be_visible()
    viewer.page.get_by_role("button", name="Try again").click()
    expect(viewer.page.get_by_label("Your message")).to_be_visible()


def test_a_message_is_pinned_and_taken_down(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, viewer = meeting(tab, platform, "wall", "willa", "walt")
    say(owner.page, "be kind, all of you")
    card = open_card(owner.page, "be kind, all of you")
    card.get_by_role("button", name="Pin", exact=True).click()
    pinned = viewer.page.get_by_role("complementary", name="Pinned")
    expect(pinned).to_contain_text("be kind, all of you")
    assert not viewer.violations()
    pinned.get_by_role("button", name="Close").click()
    expect(pinned).to_have_count(0)
    # Who closed it is not shown it again until another one is pinned; who comes sees it.
    enter(viewer.page, platform, "wall")
    expect(pinned).to_be_visible()
    card.get_by_role("button", name="Unpin").click()
    expect(pinned).to_have_count(0)
    card.get_by_role("button", name="Undo").click()
    expect(pinned).to_be_visible()


def test_a_poll_is_voted_in_and_ended(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, first, second = meeting(tab, platform, "forum", "fay", "finn", "fox")
    say(owner.page, "/poll 5m Which map? | Desert | Forest")
    for one in (owner, first, second):
        expect(one.page.get_by_role("heading", name="Which map?")).to_be_visible()
    assert not first.violations()
    first.page.get_by_role("button", name="Desert").click()
    expect(first.page.get_by_role("button", name="Desert")).to_have_attribute("aria-pressed", "true")
    expect(second.page.locator(".poll")).to_contain_text("1 vote")
    enter(first.page, platform, "forum")
    expect(first.page.get_by_role("button", name="Desert")).to_have_attribute("aria-pressed", "true")
    second.page.get_by_role("button", name="Forest").click()
    expect(owner.page.locator(".poll")).to_contain_text("2 votes")
    # Somebody may think again.
    second.page.get_by_role("button", name="Desert").click()
    expect(owner.page.locator(".poll .option").first).to_contain_text("100")
    expect(owner.page.locator(".poll")).to_contain_text("2 votes")
    owner.page.get_by_role("button", name="End poll").click()
    for one in (first, second):
        expect(one.page.locator(".poll")).to_contain_text("Poll closed")
        expect(one.page.get_by_role("button", name="Desert")).to_be_disabled()
    owner.page.get_by_role("button", name="Take down").click()
    for one in (owner, first, second):
        expect(one.page.locator(".poll")).to_have_count(0)


def test_who_is_mentioned_is_told(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, viewer = meeting(tab, platform, "hall", "hedda", "hugo")
    owner.page.goto(f"{platform.origin}/dashboard")
    create_channel(owner.page, platform, "attic", "Attic")
    enter(owner.page, platform, "hall")
    enter(viewer.page, platform, "attic")
    say(owner.page, "where is @hugo?")
    strip = viewer.page.locator(".strip", has_text="hedda mentioned you")
    expect(strip).to_be_visible()
    assert not viewer.violations()
    strip.get_by_role("button", name="Close").click()
    expect(strip).to_have_count(0)


def test_the_chat_is_had_over_a_full_screen(platform: Platform, tab: Callable[..., Tab]) -> None:
    studio, talker, viewer = tab(), tab(width=400), tab(width=1440, height=900)
    go_live(studio, platform)
    sign_up(talker, platform, "talia")
    enter(talker.page, platform, platform.channel)
    page = viewer.page
    page.goto(platform.watch)
    wait_for_pictures(page)
    page.get_by_role("button", name="Full screen").click()
    expect(page.locator(".chat")).to_have_count(0)
    page.mouse.move(600, 600)
    page.get_by_role("button", name="Chat", exact=True).click()
    expect(page.locator(".chat")).to_have_attribute("data-state", "joined")
    say(talker.page, "in full view")
    expect(row(page, "in full view")).to_be_in_viewport()
    assert not viewer.violations()
    page.mouse.move(620, 620)
    page.get_by_role("button", name="Chat", exact=True).click()
    expect(page.locator(".chat")).to_have_count(0)
    page.keyboard.press("Escape")
    end(studio)


def test_an_embedded_chat_reads_along(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, frame = tab(width=400), tab(width=900, height=500)
    sign_up(owner, platform, "edda")
    create_channel(owner.page, platform, "annex", "Annex")
    enter(owner.page, platform, "annex")
    frame.page.goto(f"{platform.origin}/embed/annex?chat=1")
    expect(frame.page.locator(".chat")).to_have_attribute("data-state", "joined")
    say(owner.page, "hello, embedders")
    expect(row(frame.page, "hello, embedders")).to_be_in_viewport()
    assert not frame.violations()
