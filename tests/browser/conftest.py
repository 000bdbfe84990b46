"""Debian's Chromium, driven by Playwright, with a camera and a microphone that are not there."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page, Playwright, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--use-fake-device-for-media-stream=fps=30,device-count=3",
    # Not everywhere yet: the fake cameras can do it.
    "--enable-blink-features=MediaCaptureBackgroundBlur",
    "--use-fake-ui-for-media-stream",
]
AS_ANYBODY = Path(__file__).parent / "chromium-as-anybody"
AXE = Path(__file__).parents[2] / "web" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module. Playwright keeps an event loop running in this thread as long as it is open."""
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


def launched(playwright: Playwright, *flags: str, program: str | None = None) -> Browser:
    """A browser; ``program`` is a script that starts Chromium with its arguments."""
    program = program or shutil.which("chromium")
    assert program, "Chromium is missing: install the package chromium (scripts/provision-tests does)"
    return playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags])


class Tab:
    """A page in a profile of its own; ``faults`` are what went wrong in its scripts."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.faults: list[str] = []
        self._devtools: CDPSession | None = None
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, message: ConsoleMessage) -> None:
        # A refused request is told by the browser too, and is the business of the test that provoked it.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def violations(self) -> list[str]:
        """What axe finds serious, as one line each."""
        assert AXE.is_file(), "axe-core is missing: run scripts/frontend check"
        self.page.evaluate(AXE.read_text())
        found: list[dict[str, Any]] = self.page.evaluate("axe.run().then((found) => found.violations)")
        return [
            f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found
            if rule["impact"] in SERIOUS
            for node in rule["nodes"]
        ]

    def lose(self, percent: int) -> None:
        """So many of the packets of this page's WebRTC connections get lost. Connections obey that were made after the first call."""
        if self._devtools is None:
            self._devtools = self.context.new_cdp_session(self.page)
            self._devtools.send("Network.enable")
        limits = {"offline": False, "latency": 0, "downloadThroughput": 1e9, "uploadThroughput": 1e9, "packetLoss": percent}
        self._devtools.send("Network.emulateNetworkConditions", limits)

    def close(self) -> None:
        self.context.close()


@contextmanager
def opening(chromium: Browser) -> Iterator[Callable[..., Tab]]:
    """Open tabs; each must end without a fault in its scripts."""
    tabs: list[Tab] = []

    def opened(*, width: int = 1280, height: int = 800, theme: str = "dark", **options: Any) -> Tab:
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **options)  # type: ignore[arg-type]
        tabs.append(Tab(context))
        return tabs[-1]

    yield opened
    faults = [fault for one in tabs for fault in one.faults]
    for one in tabs:
        one.close()
    assert not faults


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Callable[..., Tab]]:
    """Tabs for one test."""
    with opening(chromium) as opened:
        yield opened
