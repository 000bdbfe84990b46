"""What a real TURN server with our configuration does for whom, and where it sends nothing."""

import re
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from chat.calls.relays import LIFE, Credentials, credentials
from tests.fixtures.coturn import CONFIGURATION, SECRET, Coturn
from tests.fixtures.network import apart
from tests.fixtures.turn_client import TCP, Address, TurnClient

SERVER, PEER = ("198.41.0.4", "2620:0:2d0::4"), ("198.41.0.5", "2620:0:2d0::5")
PRIVATE = (
    *("127.0.0.1", "127.8.8.8", "10.0.0.7", "100.64.0.7", "169.254.169.254", "172.16.0.7", "172.31.255.7", "192.168.0.7", "198.18.0.7"),
    *("::1", "fd00::7", "fc00::7", "fe80::7", "64:ff9b::a00:7", "2001:db8::7", "2002:a00:7::1"),
)
ELSEWHERE = ("0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.7", "::127.0.0.1", "ff02::1")
"""Nobody's own addresses, which lead to all of the machine's or of the network's."""
PORT = 3478


def _client(coturn: Coturn, shown: Credentials) -> TurnClient:
    return TurnClient(coturn.address, *shown)


def _ours(seat: str = "seat", *, now: float | None = None, secret: str = SECRET) -> Credentials:
    return credentials(secret, "call", seat, time.time() if now is None else now)


def test_media_of_two_seats_are_relayed(coturn: Coturn) -> None:
    _relayed(coturn)


@pytest.mark.parametrize("own", [SERVER[0], "10.0.0.4"])
def test_a_server_relays_between_two_of_its_own_seats_also_behind_nat(tmp_path: Path, own: str) -> None:
    def relayed() -> None:
        coturn = Coturn(tmp_path, hosts=(own,), port=PORT, external=SERVER[0])
        coturn.start()
        try:
            _relayed(coturn, SERVER[0])
        finally:
            coturn.kill()

    apart([own], relayed)


def _relayed(coturn: Coturn, shown: str = "127.0.0.1") -> None:
    with closing(_client(coturn, _ours("one"))) as one, closing(_client(coturn, _ours("two"))) as two:
        first, second = one.allocate(), two.allocate()
        assert isinstance(first, Address)
        assert isinstance(second, Address)
        assert (first.host, second.host) == (shown, shown)
        assert (one.permit(second), two.bind(first)) == (0, 0)
        one.send(second, b"hello")
        two.expect(0x4001, b"hello")
        two.send_on(0x4001, b"hello to you")
        one.expect_data(b"hello to you")


def _altered(change: Callable[[Credentials], Credentials]) -> Credentials:
    return change(_ours())


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(lambda: _ours(now=time.time() - LIFE - 5), id="expired"),
        pytest.param(lambda: _ours(secret="another secret of TURN servers"), id="another secret's"),
        pytest.param(lambda: Credentials(_ours("two").username, _ours("one").password), id="another seat's name"),
        pytest.param(lambda: _altered(lambda one: Credentials("9" + one.username, one.password)), id="good for longer"),
        pytest.param(lambda: _altered(lambda one: Credentials(one.username, "")), id="no password"),
        pytest.param(lambda: _altered(lambda one: Credentials(one.username.partition(":")[2], one.password)), id="no end"),
        pytest.param(lambda: Credentials("somebody", SECRET), id="the secret itself"),
    ],
)
def test_credentials_that_are_not_ours_or_good_no_more_allocate_nothing(coturn: Coturn, shown: Callable[[], Credentials]) -> None:
    with closing(_client(coturn, shown())) as client:
        assert client.allocate() == 401


def test_another_seats_credentials_do_nothing_with_an_allocation(coturn: Coturn) -> None:
    with closing(_client(coturn, _ours("one"))) as client:
        assert isinstance(client.allocate(), Address)
        client.username, client.password = _ours("two")
        assert client.refresh() == 441
        assert client.permit(coturn.address) in {441, 437}
        client.username, client.password = _ours("one")
        assert client.refresh() == 0


def test_a_seat_has_so_many_allocations_and_no_more(coturn: Coturn) -> None:
    quota = int(re.findall(r"^user-quota=(\d+)$", CONFIGURATION.read_text(), re.MULTILINE)[0])
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(_client(coturn, _ours()))) for _ in range(quota + 1)]
        allocated = [client.allocate() for client in clients]
        assert allocated[-1] == 486
        assert all(isinstance(one, Address) for one in allocated[:-1])
        other = stack.enter_context(closing(_client(coturn, _ours("two"))))
        assert isinstance(other.allocate(), Address)


def test_nothing_is_relayed_by_tcp_and_there_is_no_console(coturn: Coturn) -> None:
    with closing(_client(coturn, _ours())) as client:
        assert isinstance(client.allocate(transport=TCP), int)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", 5766), timeout=1)


def test_its_log_has_no_secret(coturn: Coturn) -> None:
    shown = _ours()
    with closing(_client(coturn, shown)) as client:
        client.allocate()
    text = coturn.log.read_text(errors="replace")
    assert SECRET not in text
    assert shown.password not in text


def test_private_loopback_and_link_local_peers_get_no_packet(tmp_path: Path) -> None:
    """On a machine that has all these addresses. As a check of the check, a public peer gets every packet."""
    apart([*SERVER, *PEER, *(one for one in PRIVATE if one not in {"127.0.0.1", "127.8.8.8", "::1"})], lambda: _canaries(tmp_path))


def _canaries(folder: Path) -> None:
    coturn = Coturn(folder, hosts=SERVER, port=PORT)
    coturn.start()
    with ExitStack() as stack:
        stack.callback(coturn.kill)
        everywhere = _canary(stack, "::")
        where = everywhere.getsockname()[1]
        clients = {v6: stack.enter_context(closing(_client(coturn, _ours()))) for v6 in (False, True)}
        for v6, client in clients.items():
            assert isinstance(client.allocate(v6=v6), Address)
        refused = {host: _tried(clients[":" in host], Address(host, where)) for host in (*PRIVATE, *ELSEWHERE)}
        for v6, client in clients.items():
            assert client.bind(Address(PEER[v6], where), 0x4100) == 0
            client.send(Address(PEER[v6], where), b"public")
        assert refused == dict.fromkeys(refused, (403, 403))
        heard = _heard(everywhere, 2)
        assert heard == [b"public"] * 2


def _canary(stack: ExitStack, host: str) -> socket.socket:
    """Hears whatever is sent to its port at any address of the machine."""
    canary = stack.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    canary.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    canary.bind((host, 0))
    return canary


def _tried(client: TurnClient, peer: Address) -> tuple[int, int]:
    codes = client.permit(peer), client.bind(peer)
    for _ in range(3):
        client.send(peer, b"private")
        client.send_on(0x4001, b"private")
    return codes


def _heard(canary: socket.socket, wanted: int) -> list[bytes]:
    """What came until all that is wanted has, and half a second after."""
    found: list[bytes] = []
    until = time.monotonic() + 5
    while len(found) < wanted and time.monotonic() < until:
        canary.settimeout(max(0.01, until - time.monotonic()))
        found.append(canary.recv(100))
    canary.settimeout(0.5)
    while True:
        try:
            found.append(canary.recv(100))
        except TimeoutError:
            return found
