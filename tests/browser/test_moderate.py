"""The moderation page: an owner, a moderator and two viewers in one room, every tool used as people use it; and the page's states."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.chat_steps import enter, meeting, row, say
from tests.browser.conftest import Tab
from tests.browser.test_people import create_channel, sign_up
from tests.browser.test_states import SCREENS, looks_right
from tests.fixtures.platform import Platform

pytestmark = pytest.mark.browser

ROOM = "court"
TABS = ("queue", "log", "modes", "filters", "chat", "people")


class Court:
    """``olga`` owns the room and sits at its moderation page, as does her moderator ``mona``; ``vera`` and ``tom`` chat."""

    def __init__(self, platform: Platform, tab: Callable[..., Tab]) -> None:
        self.platform = platform
        self.olga, self.mona, self.vera, self.tom = meeting(tab, platform, ROOM, "olga", "mona", "vera", "tom")
        page = self.olga.page
        page.goto(f"{platform.origin}/dashboard/{ROOM}#roles")
        page.get_by_label("Account name").fill("mona")
        page.locator("select[name=role]").select_option("moderator")
        page.get_by_role("button", name="Give role").click()
        expect(page.locator("fl-roles tbody tr")).to_have_count(1)
        page.goto(f"{platform.origin}/dashboard/{ROOM}")
        page.get_by_role("link", name="Moderate").click()
        for one in (self.olga, self.mona):
            one.page.set_viewport_size({"width": 1440, "height": 900})
        self.mona.page.goto(f"{platform.origin}/moderate/{ROOM}")
        for one in (self.olga, self.mona):
            expect(one.page.locator(".chat")).to_have_attribute("data-state", "joined")
            expect(one.page.get_by_text("Nothing waits")).to_be_visible()


def person(page: Page, name: str) -> Locator:
    """Open somebody's card."""
    if page.locator("fl-person").count() and page.locator("fl-person .names .sub").first.inner_text().split()[0] == name:
        return page.locator("fl-person")
    if page.locator("fl-person").count():
        page.get_by_role("button", name="All people").click()
    page.locator("fl-chatters").get_by_label("Account name").fill(name)
    page.keyboard.press("Enter")
    card = page.locator("fl-person")
    expect(card.locator(".names .sub")).to_contain_text(name)
    return card


def act(page: Page, name: str, button: str, *, reason: str = "") -> None:
    """Do something to somebody from their card."""
    card = person(page, name)
    if reason:
        card.get_by_label("Reason").fill(reason)
    card.get_by_role("button", name=button, exact=True).click()


def part(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def undo(page: Page) -> None:
    """Take back what was told at the edge of the page."""
    page.locator(".toast").get_by_role("button", name="Undo").click()


def insist(page: Page, text: str) -> None:
    """Say it, and once more where the room had not heard yet that it may be said: a refusal can be a second old."""
    say(page, text)
    refused = page.locator(".row.draft.failed")
    expect(row(page, text).or_(refused)).to_be_visible()
    if refused.count():
        page.wait_for_timeout(1100)
        refused.get_by_role("button", name="Send again").click()


def mode(page: Page, name: str) -> Locator:
    """A mode's control, of the room's own."""
    return page.locator(f"#modes-{name}")


def test_every_tool_is_used_from_the_page(platform: Platform, tab: Callable[..., Tab]) -> None:
    court = Court(platform, tab)
    messages_go_and_come_back(court)
    accounts_are_silenced(court)
    a_ban_is_appealed(court)
    the_queue_is_decided_by_keys(court)
    modes_are_in_force_at_once(court)
    the_shield_goes_up(court)
    terms_are_tried_and_switched_on(court)
    automod_holds(court)
    the_team_remembers(court)
    the_log_tells_and_undoes(court)


def messages_go_and_come_back(court: Court) -> None:
    """Delete one, purge all, undo both."""
    page, vera = court.olga.page, court.vera.page
    say(court.tom.page, "a rude thing")
    say(court.tom.page, "another thing")
    expect(row(page, "another thing")).to_be_visible()
    row(page, "a rude thing").locator(".words").click()
    card = page.locator("fl-person")
    expect(card.locator(".chosen")).to_contain_text("a rude thing")
    card.locator(".chosen").get_by_role("button", name="Delete message").click()
    expect(row(vera, "a rude thing")).to_have_count(0)
    expect(vera.get_by_text("Removed by the team")).to_have_count(1)
    undo(page)
    expect(row(vera, "a rude thing")).to_have_count(1)
    act(page, "tom", "Delete all messages")
    expect(row(vera, "thing")).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text("Deleted all messages of tom")
    page.locator("h1").click()
    page.keyboard.press("z")
    expect(row(vera, "thing")).to_have_count(2)


def accounts_are_silenced(court: Court) -> None:
    """Timeouts by a chip and by minutes; a warning that must be read first."""
    page, tom = court.mona.page, court.tom.page
    act(page, "tom", "10 min", reason="Calm down")
    expect(tom.locator("[data-code=chat_muted]")).to_contain_text("10 min to go")
    expect(tom.locator("[data-code=chat_muted]")).to_contain_text("Calm down")
    expect(page.locator("fl-person .states")).to_contain_text("Calm down")
    act(page, "tom", "End timeout")
    expect(tom.get_by_label("Your message")).to_be_visible()
    page.get_by_label("Minutes").fill("3")
    page.get_by_label("Minutes").press("Enter")
    expect(tom.locator("[data-code=chat_muted]")).to_contain_text("3 min to go")
    page.locator("h1").click()
    page.keyboard.press("z")
    expect(tom.get_by_label("Your message")).to_be_visible()

    act(page, "tom", "Warn", reason="Be kind")
    expect(tom.locator("[data-code=warning_pending]")).to_contain_text("Be kind")
    expect(page.locator("fl-person .states")).to_contain_text("Has not read its warning yet")
    tom.get_by_role("button", name="I have read this").click()
    insist(tom, "I will be kind")
    expect(row(page, "I will be kind")).to_be_visible()


def a_ban_is_appealed(court: Court) -> None:
    """With a reason and an end; lifted by hand, and by an appeal that is granted."""
    page, mona, tom = court.olga.page, court.mona.page, court.tom.page
    person(page, "tom").locator("select[name=lasts]").select_option("86400")
    act(page, "tom", "Ban", reason="Spam")
    banned = tom.locator("[data-code=chat_banned]")
    expect(banned).to_be_visible()
    expect(page.locator("fl-person .states")).to_contain_text("to go")
    expect(page.locator("fl-person .states")).to_contain_text("Spam")
    act(page, "tom", "Lift ban")
    expect(page.locator("fl-person .states")).to_have_count(0)
    tom.reload()
    expect(tom.get_by_label("Your message")).to_be_visible()

    act(page, "tom", "Ban", reason="Spam again")
    expect(banned).to_be_visible()
    tom.get_by_text("Ask to be let back in").click()
    tom.get_by_label("Why should the ban be lifted?").fill("It was my cat.")
    tom.get_by_role("button", name="Send appeal").click()
    expect(tom.get_by_text("The team has your appeal")).to_be_visible()
    appeal = mona.locator("fl-queue .wait[data-id]")
    expect(appeal).to_contain_text("It was my cat.")
    expect(appeal).to_contain_text("Banned for: Spam again")
    assert not court.mona.violations()
    mona.locator("h1").click()
    mona.keyboard.press("a")
    expect(mona.get_by_text("Nothing waits")).to_be_visible()
    tom.reload()
    expect(tom.get_by_label("Your message")).to_be_visible()


def the_queue_is_decided_by_keys(court: Court) -> None:
    """All of a restricted account's messages wait; one key each, and the next one is looked at."""
    page, vera, tom = court.mona.page, court.vera.page, court.tom.page
    act(page, "tom", "Restrict", reason="A second account")
    expect(page.locator("fl-person .states")).to_contain_text("A second account")
    for word in ("first", "second", "third", "fourth"):
        say(tom, f"{word} held")
    waits = page.locator("fl-queue .wait[data-id]")
    expect(waits).to_have_count(4)
    expect(waits.first).to_contain_text("Held: restricted account")
    expect(page.get_by_role("tab", name="Queue")).to_contain_text("4")
    expect(page).to_have_title("(4) Moderate court · Fanlight")
    assert not court.mona.violations()
    page.locator("h1").click()
    page.keyboard.press("a")
    expect(row(vera, "first held")).to_be_visible()
    expect(waits).to_have_count(3)
    expect(waits.first).to_have_attribute("aria-current", "true")
    # The other one who looks at the queue sees that it is decided.
    expect(court.olga.page.locator("fl-queue .wait[data-id]")).to_have_count(3)
    page.keyboard.press("r")
    expect(waits).to_have_count(2)
    page.keyboard.press("j")
    expect(waits.nth(1)).to_be_focused()
    page.keyboard.press("t")
    expect(tom.locator("[data-code=chat_muted]")).to_contain_text("10 min to go")
    expect(waits).to_have_count(1)
    expect(page.locator(".toast")).to_contain_text("Timed tom out for 10 min")
    page.keyboard.press("z")
    expect(tom.get_by_label("Your message")).to_be_visible()
    page.keyboard.press("b")
    expect(tom.locator("[data-code=chat_banned]")).to_be_visible()
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("Banned tom")
    page.keyboard.press("z")
    expect(page.locator(".toast")).to_have_count(0)
    tom.reload()
    expect(tom.get_by_label("Your message")).to_be_visible()
    expect(row(vera, "second held")).to_have_count(0)

    page.get_by_role("button", name="All people").click()
    page.get_by_role("button", name="Watched").click()
    expect(page.locator("fl-chatters tr[data-account=tom]")).to_contain_text("Restricted")
    act(page, "tom", "As everybody")
    expect(page.locator("fl-person .states")).to_have_count(0)


def modes_are_in_force_at_once(court: Court) -> None:
    """Each mode, as a viewer meets it, and off again."""
    page, vera = court.mona.page, court.vera.page
    line, silenced = vera.locator(".chat-foot .modes"), vera.locator(".silenced")
    part(page, "Modes")
    for name, value, off, told in (
        ("slow_seconds", "30", "0", "Slow mode 30 sec"),
        ("account_age_minutes", "60", "0", "No new accounts"),
        ("followers_minutes", "0", "", "Followers only"),
        ("delay_seconds", "2", "0", "Messages appear after 2 sec"),
    ):
        mode(page, name).select_option(value)
        expect(line).to_contain_text(told)
        mode(page, name).select_option(off)
        expect(line).to_have_count(0)
    for name, told in (
        ("emote_only", "Emotes only"),
        ("unique", "No repetitions"),
        ("verified_only", "Verified accounts only"),
        ("members_only", "Members only"),
        ("read_only", "Only the team writes"),
    ):
        mode(page, name).check()
        expect(line).to_contain_text(told)
        if name in {"verified_only", "members_only", "read_only"}:
            expect(silenced).to_have_attribute("data-code", name)
        mode(page, name).uncheck()
        expect(line).to_have_count(0)
    expect(vera.get_by_label("Your message")).to_be_visible()

    page.get_by_label("Always allowed").fill("example.org")
    page.locator(".hosts").get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("example.org")
    mode(page, "links").select_option("nobody")
    expect(line).to_contain_text("No links")
    say(vera, "look at https://other.example.com now")
    expect(vera.locator(".row.draft.failed")).to_contain_text("Links are not taken here")
    vera.get_by_role("button", name="Discard").click()
    insist(vera, "look at example.org now")
    expect(row(page, "example.org")).to_be_visible()
    mode(page, "links").select_option("everybody")
    expect(line).to_have_count(0)


def the_shield_goes_up(court: Court) -> None:
    """One switch, or one key; what it switches on is chosen before."""
    page, vera = court.mona.page, court.vera.page
    line = vera.locator(".chat-foot .modes")
    page.get_by_text("What the shield switches on").click()
    for name, value in (("followers_minutes", ""), ("account_age_minutes", "0"), ("slow_seconds", "10"), ("links", "everybody")):
        page.locator(f"#shield-{name}").select_option(value)
    page.locator("#shield-emote_only").check()
    expect(line).to_have_count(0)
    page.locator(".shield-switch").click()
    expect(line).to_contain_text("Shield is up")
    expect(line).to_contain_text("emotes only", ignore_case=True)
    expect(page.get_by_role("button", name="Shield is up")).to_be_visible()
    assert not court.mona.violations()
    page.locator("h1").click()
    page.keyboard.press("Shift+S")
    expect(line).to_have_count(0)
    expect(page.locator(".shield-switch")).to_have_attribute("aria-checked", "false")


def terms_are_tried_and_switched_on(court: Court) -> None:
    """Tried on what was said, then blocking, holding, permitting; then removed."""
    page, vera = court.mona.page, court.vera.page
    insist(vera, "zebrafish are blue")
    expect(row(page, "zebrafish")).to_be_visible()
    part(page, "Filters")
    form = page.locator("form.term")

    def write(text: str, kind: str, effect: str, press: str) -> None:
        form.get_by_label("Term", exact=True).fill(text)
        form.get_by_label("Written as").select_option(kind)
        form.get_by_label("Then").select_option(effect)
        form.get_by_role("button", name=press).click()

    write("zebra*", "wildcard", "block", "Test first")
    expect(page.locator(".outcome")).to_contain_text("zebrafish are blue")
    expect(page.locator(".outcome")).to_contain_text("would not have passed")
    expect(page.locator(".terms li")).to_have_count(0)
    write("zebra*", "wildcard", "block", "Add term")
    expect(page.locator(".terms li")).to_have_count(1)
    write("gr[ae]y wolf", "expression", "hold", "Add term")
    expect(page.locator(".terms li")).to_have_count(2)
    write("zebra crossing", "literal", "permit", "Add term")
    expect(page.locator(".terms li")).to_have_count(3)
    expect(court.olga.page.locator("fl-queue")).to_be_visible()
    write("(", "expression", "hold", "Add term")
    expect(page.locator("fl-filters [role=alert]")).to_be_visible()
    assert not court.mona.violations()
    say(vera, "more zebrafish please")
    expect(vera.locator(".row.draft.failed")).to_contain_text("Something in it is not allowed here")
    vera.get_by_role("button", name="Discard").click()
    say(vera, "mind the zebra crossing")
    expect(row(page, "mind the zebra crossing")).to_be_visible()
    say(vera, "a gray wolf")
    held = court.olga.page.locator("fl-queue .wait[data-id]")
    expect(held).to_contain_text("a gray wolf")
    held.get_by_role("button", name="Allow").click()
    expect(row(page, "a gray wolf")).to_be_visible()
    for left in (2, 1, 0):
        page.locator(".terms li").first.get_by_role("button").click()
        expect(page.locator(".terms li")).to_have_count(left)
    expect(page.get_by_text("No terms yet.")).to_be_visible()


def automod_holds(court: Court) -> None:
    """A level for each category, and limits; tried first, then saved."""
    page, vera = court.mona.page, court.vera.page
    say(vera, "WHY IS EVERYBODY SHOUTING TODAY")
    expect(row(page, "SHOUTING")).to_be_visible()
    page.get_by_label("Harassment").select_option("Strict")
    page.get_by_label("Capitals").fill("60")
    page.get_by_label("Capitals").press("Tab")
    page.locator("form.automod").get_by_role("button", name="Test first").click()
    expect(page.locator(".outcome")).to_contain_text("SHOUTING")
    page.get_by_role("button", name="Save automod").click()
    expect(page.get_by_role("button", name="Save automod")).to_be_disabled()
    say(vera, "HELLO YOU THERE IN THE BACK")
    say(vera, "kill yourself")
    waits = court.olga.page.locator("fl-queue .wait[data-id]")
    expect(waits).to_have_count(2)
    expect(waits.first).to_contain_text("Held: capitals")
    expect(waits.last).to_contain_text("harassment")
    for left in (1, 0):
        waits.first.get_by_role("button", name="Reject").click()
        expect(waits).to_have_count(left)
    expect(court.olga.page.get_by_text("Nothing waits")).to_be_visible()


def the_team_remembers(court: Court) -> None:
    """Notes, the past, and roles that only the owner gives."""
    page, mona = court.olga.page, court.mona.page
    card = person(page, "tom")
    page.locator("h1").click()
    page.keyboard.press("n")
    note = card.get_by_label("Note for the team")
    expect(note).to_be_focused()
    note.fill("Has a cat")
    note.press("Enter")
    expect(card.locator(".of-person")).to_contain_text("Has a cat")
    card.get_by_role("button", name="History").click()
    expect(card.locator(".of-person")).to_contain_text("timed tom out for 10 min")
    card.get_by_role("button", name="Messages", exact=True).click()
    expect(card.locator(".of-person")).to_contain_text("second held")
    expect(card.locator(".of-person")).to_contain_text("rejected")
    theirs = person(mona, "tom")
    theirs.get_by_role("button", name="Notes").click()
    expect(theirs.locator(".of-person")).to_contain_text("Has a cat")
    expect(theirs.get_by_role("button", name="Make VIP")).to_have_count(0)
    assert not court.mona.violations()
    card.get_by_role("button", name="Make VIP").click()
    expect(card.locator(".names .tag")).to_have_text("VIP")
    expect(theirs.locator(".names .tag")).to_have_text("VIP")
    card.get_by_role("button", name="No longer VIP").click()
    expect(card.locator(".names .tag")).to_have_count(0)
    expect(person(mona, "olga")).to_contain_text("You can\u2019t act on this account")
    act(page, "tom", "Monitor", reason="Cat again")
    expect(card.locator(".states")).to_contain_text("Monitored")
    expect(row(page, "I will be kind").get_by_label("Watched by the team")).to_be_visible()
    expect(row(mona, "I will be kind").get_by_label("Watched by the team")).to_be_visible()
    expect(court.vera.page.get_by_label("Watched by the team")).to_have_count(0)


def the_log_tells_and_undoes(court: Court) -> None:
    """Who, what, to whom, why; filtered; undone, and seen to be undone by the other one, too."""
    page, mona, tom = court.olga.page, court.mona.page, court.tom.page
    part(page, "Log")
    part(mona, "Log")
    act(page, "tom", "Ban", reason="Enough")
    lines = page.locator("fl-log tbody tr")
    expect(lines.first).to_contain_text("olga banned tom")
    expect(lines.first).to_contain_text("Reason: Enough")
    expect(mona.locator("fl-log tbody tr").first).to_contain_text("olga banned tom")
    page.locator("fl-log select[name=action]").select_option("ban")
    expect(lines.first).to_contain_text("olga banned tom")
    expect(page.locator("fl-log tbody")).not_to_contain_text("timed")
    lines.first.get_by_role("button", name="Undo").click()
    expect(lines.first).to_contain_text("Undone")
    expect(mona.locator("fl-log tbody tr").nth(1)).to_contain_text("Undone")
    expect(mona.locator("fl-log tbody tr").first).to_contain_text("An undo")
    tom.reload()
    expect(tom.get_by_label("Your message")).to_be_visible()
    page.locator("fl-log select[name=action]").select_option("")
    page.locator("fl-log select[name=side]").select_option("account")
    page.locator("fl-log input[name=name]").fill("vera")
    page.locator("fl-log input[name=name]").press("Enter")
    expect(lines.first).to_contain_text("vera")
    expect(page.locator("fl-log tbody")).not_to_contain_text("tom")
    assert not court.olga.violations()


def test_the_page_is_for_the_team(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, viewer, stranger = tab(), tab(width=400), tab(width=400)
    sign_up(owner, platform, "ruth")
    create_channel(owner.page, platform, "bench", "Bench")
    sign_up(viewer, platform, "said")
    viewer.page.goto(f"{platform.origin}/moderate/bench")
    expect(viewer.page.get_by_role("heading", name="You are not on this channel\u2019s team")).to_be_visible()
    looks_right(viewer)
    viewer.page.goto(f"{platform.origin}/moderate/nobody")
    expect(viewer.page.get_by_role("heading", name="There is no such channel")).to_be_visible()
    looks_right(viewer)
    stranger.page.goto(f"{platform.origin}/moderate/bench")
    expect(stranger.page.get_by_role("heading", name="Sign in")).to_be_visible()
    viewer.page.goto(f"{platform.origin}/watch/bench")
    owner.page.goto(f"{platform.origin}/watch/bench")
    expect(owner.page.get_by_role("link", name="Moderate")).to_be_visible()
    expect(viewer.page.get_by_role("link", name="Moderate")).to_have_count(0)


def test_what_does_not_load_can_be_asked_for_again(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner = tab(width=768)
    page = owner.page
    sign_up(owner, platform, "sven")
    create_channel(page, platform, "attic", "Attic")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/chat/queue*", hold)
    with page.expect_request("**/chat/queue*"):
        page.goto(f"{platform.origin}/moderate/attic")
    expect(page.locator("fl-queue .skeleton").first).to_be_visible()
    looks_right(owner)
    held[0].abort()
    expect(page.locator(".part-problem")).to_be_visible()
    page.unroute("**/chat/queue*")
    looks_right(owner)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    page.route("**/channels/attic", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("heading", name="This page did not load")).to_be_visible()
    looks_right(owner)
    page.unroute("**/channels/attic")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    page.get_by_role("button", name="Show picture").click()
    expect(page.locator("fl-moderate-picture fl-player")).to_be_visible()
    looks_right(owner)
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    looks_right(owner)


@pytest.mark.parametrize("screen", SCREENS)
def test_the_page_fits_every_screen(platform: Platform, tab: Callable[..., Tab], screen: dict[str, Any]) -> None:
    owner, guest = tab(**screen), tab(width=400)
    name = f"x{screen['width']}{screen['theme']}"
    sign_up(owner, platform, f"{name}-owner")
    create_channel(owner.page, platform, name, "Donaudampfschifffahrtsgesellschaftsübertragung")
    sign_up(guest, platform, f"{name}-guest")
    enter(guest.page, platform, name)
    say(guest.page, "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 3)
    page = owner.page
    page.goto(f"{platform.origin}/moderate/{name}?person={name}-guest")
    card = page.locator("fl-person")
    expect(card.get_by_role("button", name="Restrict")).to_be_visible()
    looks_right(owner)
    card.get_by_role("button", name="Restrict").click()
    expect(card.locator(".states")).to_contain_text("Restricted")
    say(guest.page, "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 3)
    for number, one in enumerate(TABS, start=1):
        page.locator("h1").first.click()
        page.keyboard.press(str(number))
        if one == "queue":
            expect(page.locator("fl-queue .wait[data-id]")).to_have_count(1)
        looks_right(owner)
