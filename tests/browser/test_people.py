"""Accounts as people meet them: from signing up to a channel of one's own, and all states of these pages."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Tab
from tests.browser.steps import end, wait_for_pictures
from tests.browser.test_states import SCREENS, fails, looks_right
from tests.fixtures.platform import Platform

pytestmark = pytest.mark.browser

PASSWORD = "a long walk to the lighthouse"


def sign_up(tab: Tab, platform: Platform, name: str) -> None:
    """A new account, signed in, at its empty dashboard."""
    page = tab.page
    page.goto(f"{platform.origin}/signup")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(f"{platform.origin}/dashboard")


def create_channel(page: Page, platform: Platform, name: str, title: str) -> None:
    """From the dashboard to the new channel's own page."""
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Create channel").click()
    expect(page).to_have_url(f"{platform.origin}/dashboard/{name}")
    expect(page.get_by_role("heading", name=title)).to_be_visible()


def test_from_signing_up_to_a_broadcast_without_a_key(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner = tab()
    sign_up(owner, platform, "mira")
    assert not owner.violations()
    create_channel(owner.page, platform, "attic", "Attic sessions")
    looks_right(owner)

    # A tab of the same browser: the session is shared, no key is pasted.
    owner.page.goto(f"{platform.studio}?countdown=0&channel=attic")
    expect(owner.page.locator("select[name=own]")).to_have_value("attic")
    owner.page.get_by_label("Size").select_option("360")
    owner.page.get_by_role("button", name="Go live").click()
    expect(owner.page.locator(".go")).to_have_attribute("data-phase", "live")
    rows = owner.page.locator("fl-health [data-number]")
    expect(rows.filter(has_text="Encoder")).to_contain_text("H264")

    follower = tab()
    sign_up(follower, platform, "jo")
    follower.page.goto(f"{platform.origin}/watch/attic")
    wait_for_pictures(follower.page, seconds=2)
    follower.page.get_by_role("button", name="Follow", exact=True).click()
    expect(follower.page.get_by_role("button", name="Following")).to_be_visible()
    follower.page.goto(platform.home)
    expect(follower.page.get_by_role("heading", name="Channels you follow")).to_be_visible()
    expect(rows.filter(has_text="Viewers")).to_be_visible()
    end(owner)

    owner.page.goto(f"{platform.origin}/dashboard/attic#broadcasts")
    expect(owner.page.locator("fl-past tbody tr")).to_have_count(1)


def test_who_follows_is_told_on_whatever_page_they_are(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, fan = tab(), tab(width=360, height=740)
    sign_up(owner, platform, "ursa")
    create_channel(owner.page, platform, "ursas", "From the observatory")
    sign_up(fan, platform, "vito")
    fan.page.goto(f"{platform.origin}/watch/ursas")
    fan.page.get_by_role("button", name="Follow", exact=True).click()
    expect(fan.page.get_by_role("button", name="Following")).to_be_visible()
    fan.page.goto(f"{platform.origin}/account#follows")
    expect(fan.page.get_by_role("checkbox", name="Tell me when it goes live")).to_be_checked()

    owner.page.goto(f"{platform.studio}?countdown=0&channel=ursas")
    owner.page.get_by_label("Size").select_option("360")
    owner.page.get_by_role("button", name="Go live").click()
    expect(fan.page.locator(".unread")).to_have_text("1", timeout=20_000)
    end(owner)
    fan.page.get_by_label("Notifications, 1 new").click()
    told = fan.page.get_by_role("link", name="ursas is live.")
    expect(told).to_have_attribute("href", "/watch/ursas")
    looks_right(fan)
    fan.page.keyboard.press("Escape")
    expect(told).to_be_hidden()
    expect(fan.page.locator(".unread")).to_have_count(0)

    fan.page.get_by_role("checkbox", name="Tell me when it goes live").click()
    fan.page.reload()
    expect(fan.page.get_by_role("checkbox", name="Tell me when it goes live")).not_to_be_checked()


def let_in(page: Page, platform: Platform, channel: str, choice: str) -> None:
    """Say who may watch."""
    page.goto("about:blank")
    page.goto(f"{platform.origin}/dashboard/{channel}#access")
    page.get_by_role("radio", name=choice).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_a_private_broadcast_is_seen_by_those_it_is_for(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner, guest, third, stranger = tab(), tab(), tab(), tab()
    sign_up(owner, platform, "paula")
    create_channel(owner.page, platform, "salon", "Salon")
    sign_up(guest, platform, "quentin")
    sign_up(third, platform, "rosa")
    let_in(owner.page, platform, "salon", "Named people")
    owner.page.goto("about:blank")
    owner.page.goto(f"{platform.origin}/dashboard/salon#roles")
    owner.page.get_by_label("Account name").fill("quentin")
    owner.page.locator("select[name=role]").select_option("viewer")
    owner.page.get_by_role("button", name="Give role").click()
    expect(owner.page.locator("fl-roles tbody tr")).to_have_count(1)
    owner.page.goto(f"{platform.studio}?countdown=0&channel=salon")
    owner.page.get_by_label("Size").select_option("360")
    owner.page.get_by_role("button", name="Go live").click()
    expect(owner.page.locator(".go")).to_have_attribute("data-phase", "live")

    watch = f"{platform.origin}/watch/salon"
    guest.page.goto(watch)
    wait_for_pictures(guest.page, seconds=2)
    for other in (third, stranger):
        other.page.goto(watch)
        expect(other.page.get_by_role("heading", name="There is no channel")).to_be_visible()
        other.page.goto(platform.home)
        expect(other.page.get_by_role("heading", name="Nobody is live yet")).to_be_visible()

    changing = owner.context.new_page()
    let_in(changing, platform, "salon", "Followers")
    stranger.page.goto(watch)
    expect(stranger.page.get_by_role("heading", name="Sign in to watch")).to_be_visible()
    assert not stranger.violations()
    third.page.goto(watch)
    expect(third.page.get_by_role("heading", name="For followers only")).to_be_visible()
    assert not third.violations()
    third.page.locator("fl-gate").get_by_role("button", name="Follow", exact=True).click()
    expect(third.page.locator("video")).to_be_attached()
    wait_for_pictures(third.page, seconds=2)
    end(owner)


def test_signing_out_and_in_again(platform: Platform, tab: Callable[..., Tab]) -> None:
    person = tab()
    sign_up(person, platform, "kim")
    page = person.page
    page.get_by_label("Signed in as").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(platform.home)
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()

    # A page for signed-in people leads there, and back.
    page.goto(f"{platform.origin}/account#sessions")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Name or e-mail").fill("kim")
    page.get_by_label("Password").fill("not hers at all")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("The name or the password is not right.")
    assert not person.violations()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Account")).to_be_visible()


def test_a_second_browser_is_seen_and_signed_out(platform: Platform, tab: Callable[..., Tab]) -> None:
    first, second = tab(), tab()
    sign_up(first, platform, "lee")
    second.page.goto(f"{platform.origin}/signin")
    second.page.get_by_label("Name or e-mail").fill("lee")
    second.page.get_by_label("Password").fill(PASSWORD)
    second.page.get_by_role("button", name="Sign in").click()
    expect(second.page).to_have_url(platform.home)
    first.page.goto(f"{platform.origin}/account#sessions")
    expect(first.page.locator("fl-sessions tbody tr")).to_have_count(2)
    first.page.get_by_role("button", name="End").click()
    expect(first.page.locator("fl-sessions tbody tr")).to_have_count(1)
    second.page.goto(f"{platform.origin}/account")
    expect(second.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_key_is_shown_once_and_revoked(platform: Platform, tab: Callable[..., Tab]) -> None:
    owner = tab()
    sign_up(owner, platform, "nora")
    create_channel(owner.page, platform, "cellar", "Cellar")
    page = owner.page
    page.goto(f"{platform.origin}/dashboard/cellar#keys")
    page.get_by_label("Name of the new key").fill("OBS at home")
    page.get_by_role("button", name="Create key").click()
    shown = page.locator("fl-keys [role=status] code")
    expect(shown).to_contain_text("fl_")
    looks_right(owner)
    page.reload()
    expect(page.get_by_text("OBS at home")).to_be_visible()
    expect(shown).to_have_count(0)
    page.get_by_role("button", name="Revoke").first.click()
    page.locator("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("revoked")).to_be_visible()


def test_the_operator_made_by_the_link_sees_and_bans(platform: Platform, tab: Callable[..., Tab]) -> None:
    troll, operator = tab(), tab()
    sign_up(troll, platform, "troll")
    operator.page.goto(platform.setup)
    expect(operator.page.get_by_text("this account will run the instance")).to_be_visible()
    operator.page.get_by_label("Name", exact=True).fill("olga")
    operator.page.get_by_label("Password").fill(PASSWORD)
    operator.page.get_by_role("button", name="Create account").click()
    expect(operator.page.get_by_role("heading", name="Main channel")).to_be_visible()

    operator.page.goto(f"{platform.origin}/admin?search=troll")
    operator.page.get_by_role("button", name="Ban").click()
    operator.page.locator("dialog").get_by_role("button", name="Ban").click()
    expect(operator.page.get_by_text("banned")).to_be_visible()
    looks_right(operator)
    operator.page.goto(f"{platform.origin}/admin#audit")
    expect(operator.page.get_by_text("account.created").first).to_be_visible()
    troll.page.goto(f"{platform.origin}/account")
    expect(troll.page.get_by_role("heading", name="Sign in")).to_be_visible()
    troll.page.goto(f"{platform.origin}/admin")
    expect(troll.page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_of_an_account_fits_every_screen(platform: Platform, tab: Callable[..., Tab], screen: dict[str, Any]) -> None:
    person = tab(**screen)
    sign_up(person, platform, f"p{screen['width']}-{screen['theme']}")
    page = person.page
    looks_right(person)
    for path, heading in (
        ("/account", "Profile"),
        ("/account#security", "Password"),
        ("/account#sessions", "Where you are signed in"),
        ("/account#tokens", "API tokens"),
        ("/account#follows", "Channels you follow"),
        ("/account#data", "Your data"),
        ("/admin", "Administration"),
        ("/dashboard/nowhere", "Your channels"),
    ):
        page.goto("about:blank")
        page.goto(platform.origin + path)
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        looks_right(person)


def test_a_server_that_does_not_answer_is_said(platform: Platform, tab: Callable[..., Tab]) -> None:
    person = tab()
    fails(person.page, "**/api/v1/sessions")
    person.page.goto(f"{platform.origin}/signin")
    person.page.get_by_label("Name or e-mail").fill("kim")
    person.page.get_by_label("Password").fill(PASSWORD)
    person.page.get_by_role("button", name="Sign in").click()
    expect(person.page.get_by_role("alert")).to_contain_text("The server is not answering")
    looks_right(person)
