"""A real browser with what a seat is told: it reaches others by the TURN server alone, and shows no address but that."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from chat.calls.relays import RelayServers
from storage.model.call import RelayRule
from tests.browser.conftest import Tab
from tests.fixtures.coturn import SECRET, Coturn

pytestmark = pytest.mark.browser

CONNECT = """async (relays) => {
  const [one, two] = relays.map((told) => new RTCPeerConnection({
    iceServers: [told.server], iceTransportPolicy: told.relay_only ? 'relay' : 'all',
  }));
  const candidates = [], errors = [];
  for (const [from, to] of [[one, two], [two, one]]) {
    from.onicecandidateerror = (event) => errors.push(event.errorCode);
    from.onicecandidate = ({candidate}) => {
      if (!candidate) return;
      candidates.push(candidate.candidate);
      to.addIceCandidate(candidate);
    };
  }
  const channel = one.createDataChannel('test');
  const heard = new Promise((tell) => {
    two.ondatachannel = (event) => event.channel.onmessage = (message) => tell(message.data);
  });
  channel.onopen = () => channel.send('hello');
  await one.setLocalDescription();
  await two.setRemoteDescription(one.localDescription);
  await two.setLocalDescription();
  await one.setRemoteDescription(two.localDescription);
  const failed = new Promise((tell) => setTimeout(() => tell(''), 10000));
  const gathered = new Promise((tell) => {
    one.onicegatheringstatechange = () => one.iceGatheringState === 'complete' && tell('');
  });
  const said = relays[0].expected ? await Promise.race([heard, failed]) : await Promise.race([gathered, failed]);
  one.close();
  two.close();
  return {said, candidates, errors};
}"""


def _told(coturn: Coturn, seat: str, *, secret: str, works: bool) -> dict[str, Any]:
    servers = RelayServers(turn=coturn.urls, secret=secret)
    told = servers.told(RelayRule.GUESTS, guest=True, call="call", seat=seat, now=time.time())
    (server,) = told.ice_servers
    shown = {"urls": list(server.urls), "username": server.username, "credential": server.credential}
    return {"server": shown, "relay_only": told.relay_only, "expected": works}


def test_two_guests_reach_each_other_by_the_relay_and_show_no_other_address(tab: Callable[..., Tab], coturn: Coturn) -> None:
    relays = [_told(coturn, seat, secret=SECRET, works=True) for seat in ("one", "two")]
    found = tab().page.evaluate(CONNECT, relays)
    assert found["said"] == "hello", found
    assert found["candidates"]
    assert all(" typ relay " in one and " raddr 0.0.0.0 " in one for one in found["candidates"]), found["candidates"]


def test_a_browser_with_credentials_of_another_secret_gets_no_relay(tab: Callable[..., Tab], coturn: Coturn) -> None:
    relays = [_told(coturn, seat, secret="another secret of TURN servers", works=False) for seat in ("one", "two")]
    found = tab().page.evaluate(CONNECT, relays)
    assert (found["said"], found["candidates"]) == ("", [])
    assert 401 in found["errors"]
