"""What the tests of the chat do again and again."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Tab
from tests.browser.test_people import create_channel, sign_up
from tests.fixtures.platform import Platform


def meeting(tab: Callable[..., Tab], platform: Platform, channel: str, *names: str) -> list[Tab]:
    """Tabs of new accounts, all in the chat of the first one's new channel."""
    tabs: list[Tab] = []
    for name in names:
        one = tab(width=400, height=760)
        sign_up(one, platform, name)
        if not tabs:
            create_channel(one.page, platform, channel, channel.title())
        tabs.append(one)
    for one in tabs:
        enter(one.page, platform, channel)
    return tabs


def enter(page: Page, platform: Platform, channel: str) -> None:
    """Open the chat in a window of its own."""
    page.goto(f"{platform.origin}/chat/{channel}")
    expect(page.locator(".chat")).to_have_attribute("data-state", "joined")


def say(page: Page, text: str) -> None:
    """Write a message and send it."""
    field = page.get_by_label("Your message")
    field.fill(text)
    field.press("Enter")


def row(page: Page, text: str) -> Locator:
    """The message with that text."""
    return page.locator(".row:not(.draft)", has=page.locator(".line > .words", has_text=text))


def words(page: Page) -> list[str]:
    """All messages' words, in order."""
    return page.locator(".row:not(.draft) .line > .words").all_inner_texts()


def press(page: Page, text: str, what: str) -> None:
    """One of the buttons that a message shows under the pointer."""
    row(page, text).hover()
    row(page, text).locator(".tools").get_by_role("button", name=what).click()


def open_card(page: Page, text: str) -> Locator:
    """Everything that can be done with a message."""
    press(page, text, "More")
    card = page.locator("dialog.card")
    expect(card).to_be_visible()
    return card
