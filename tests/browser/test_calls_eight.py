"""As many as a call holds, each in a real browser: 28 connections, and 56 streams of pictures and of sound on one small machine.

They take all of it, and leave a neighbour nothing.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.call_steps import Meeting
from tests.browser.conftest import AS_ANYBODY, Tab, launched
from tests.fixtures.platform import Platform

pytestmark = [pytest.mark.browser, pytest.mark.alone]

SMALL_WINDOW: dict[str, Any] = {"width": 320, "height": 240}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser without real-time priority."""
    with sync_playwright() as playwright:
        browser = launched(playwright, program=str(AS_ANYBODY))
        yield browser
        browser.close()


def test_eight_see_and_hear_each_other(platform: Platform, tab: Callable[..., Tab]) -> None:
    meeting = Meeting(platform, tab, **SMALL_WINDOW)
    meeting.host.page.set_default_timeout(60_000)
    for name in ("Grace", "Linus", "Barbara", "Ken", "Radia", "Guido", "Anita"):
        meeting.joins(name, **SMALL_WINDOW)
    meeting.all_see_and_hear(90)
