"""The network part of calls: relays, and what is lost and comes back while people talk."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from tests.browser.call_steps import Meeting
from tests.browser.conftest import Tab, launched
from tests.fixtures.coturn import SECRET, Coturn, Transport
from tests.fixtures.platform import Platform, running_platform
from tests.fixtures.programs import free_port
from tests.nodes.instance import self_signed

pytestmark = pytest.mark.browser

PATHS = """async () => {
  const found = [];
  for (const {raw} of document.querySelector('fl-call').session.peers()) {
    const report = await raw.getStats();
    for (const one of report.values()) {
      if (one.type !== 'transport') continue;
      const pair = report.get(one.selectedCandidatePairId);
      const local = report.get(pair.localCandidateId);
      found.push([local.candidateType, report.get(pair.remoteCandidateId).candidateType, local.relayProtocol ?? '']);
    }
  }
  return found;
}"""
"""Of each connection: the kind of our candidate and of theirs, and how we talk to our relay."""
CONNECTED = "document.querySelector('fl-call').session.peers().map((peer) => peer.connectedAfter)"

PORT, TLS_PORT = free_port(), free_port()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One that takes the certificate of our TURN server."""
    with sync_playwright() as playwright:
        browser = launched(playwright, "--ignore-certificate-errors")
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """One that names a TURN server by all three transports, and is hurt by its tests but comes back."""
    urls = (f"turn:127.0.0.1:{PORT}?transport=udp", f"turn:127.0.0.1:{PORT}?transport=tcp", f"turns:127.0.0.1:{TLS_PORT}?transport=tcp")
    with running_platform(FANLIGHT_TURN_URLS=",".join(urls), FANLIGHT_TURN_SECRET=SECRET) as found:
        yield found


def recorded(tab: Callable[..., Tab], frames: list[str]) -> Callable[..., Tab]:
    """Tabs whose sockets' frames are kept, both ways."""

    def keep(frame: str | bytes) -> None:
        frames.append(frame if isinstance(frame, str) else frame.decode())

    def opens(socket: WebSocket) -> None:
        socket.on("framesent", keep)
        socket.on("framereceived", keep)

    def opened(**options: object) -> Tab:
        found = tab(**options)
        found.page.on("websocket", opens)
        return found

    return opened


def paths(page: Page) -> list[list[str]]:
    return list(page.evaluate(PATHS))


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_two_who_are_to_be_hidden_talk_by_the_relay_and_show_no_address(
    platform: Platform, tab: Callable[..., Tab], tmp_path: Path, transport: Transport
) -> None:
    """The networks that let nothing but TCP or TLS out are those of a server that listens to nothing else."""
    coturn = Coturn(tmp_path, allowed=("127.0.0.1",), port=PORT, tls_port=TLS_PORT, only=transport, certificate=self_signed(tmp_path))
    coturn.start()
    frames: list[str] = []
    try:
        meeting = Meeting(platform, recorded(tab, frames), relay_only="everybody")
        guest = meeting.joins("Grace")
        meeting.all_see_and_hear()
        for one in (meeting.host.page, guest.page):
            assert paths(one) == [["relay", "relay", transport]]
            print(f"{transport}: connected after {one.evaluate(CONNECTED)} ms")
    finally:
        coturn.kill()
    signals = [frame for frame in frames if "candidate:" in frame]
    candidates = re.findall(r"candidate:[^\"\\]+", " ".join(signals))
    assert candidates
    assert all(" typ relay " in one and " raddr 0.0.0.0 " in one for one in candidates), candidates
