"""Closed channels at a real edge: nothing without a token, and no cache keeps what is given for one."""

import secrets
import time
from datetime import UTC, datetime

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.announced_keys import announce
from storage.bus.messages import ChannelInfo
from storage.bus.redis import Bus
from storage.bus.topics import channel_key
from storage.clock import SystemClock
from storage.key_ring import KeyRing, SigningKey
from storage.model.channel import Visibility
from storage.model.errors import NotFound, Refused
from storage.model.ids import ChannelId, ChannelName
from storage.model.token import LEEWAY, LONGEST_LIFE, PublicKey, TokenType
from storage.objects.store import ObjectStore
from storage.tokens import Tokens
from tests.edge.publisher import Publisher
from tests.storage.hand_clock import HandClock
from web.api.playback import PLAYBACK_SECONDS
from web.edge.doors import Doors


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    private, clock = Ed25519PrivateKey.generate(), SystemClock()
    ring = KeyRing(clock)
    ring.replace([PublicKey("test", private.public_key().public_bytes_raw(), datetime.now(UTC), None)], SigningKey("test", private))
    return ring


@pytest.fixture
def tokens(ring: KeyRing) -> Tokens:
    return Tokens(ring, SystemClock())


@pytest.fixture
async def closed(bus: Bus, objects: ObjectStore, ring: KeyRing) -> Publisher:
    """A channel that opens with a password, with a few segments and a poster."""
    await announce(bus, ring.keys)
    publisher = Publisher(bus, objects, ChannelName(f"c{secrets.token_hex(4)}"), visibility=Visibility.PASSWORD)
    await publisher.begin()
    await publisher.segments(2)
    await publisher.picture(b"a picture")
    return publisher


def token_for(tokens: Tokens, channel: str, kind: TokenType = TokenType.PLAYBACK) -> str:
    return tokens.issue(kind, "somebody", 120, channel=channel)


def paths(publisher: Publisher) -> list[str]:
    folder = publisher.folder
    names = ("init-0.mp4", "0.m4s", "0.0.m4s")
    poster = f"/hls/{publisher.channel}/poster.jpg"
    return [publisher.index, publisher.media, publisher.audio, poster, *(f"{folder}/{name}" for name in names)]


async def let_in(viewer: httpx.AsyncClient, path: str, token: str) -> httpx.Response:
    """The answer, once the edge has heard of the keys."""
    until = time.monotonic() + 30
    while True:
        response = await viewer.get(path, headers={"Authorization": f"Bearer {token}"})
        if response.status_code == 200 or time.monotonic() > until:
            return response


async def test_nothing_of_a_closed_channel_is_given_without_its_token(closed: Publisher, viewer: httpx.AsyncClient, tokens: Tokens) -> None:
    good = token_for(tokens, f"id-of-{closed.channel}")
    others = [
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Bearer {token_for(tokens, 'id-of-another')}"},
        {"Authorization": f"Bearer {token_for(tokens, f'id-of-{closed.channel}', TokenType.PUBLISH)}"},
        {"Cookie": "fanlight-playback=nonsense"},
    ]
    for path in paths(closed):
        answer = await let_in(viewer, path, good)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-store"), path
        for headers in others:
            answer = await viewer.get(path, headers=headers)
            assert (answer.status_code, answer.headers["cache-control"]) == (401, "private, no-store"), (path, headers)
        answer = await viewer.get(path, headers={"Cookie": f"other=1; fanlight-playback={good}"})
        assert answer.status_code == 200, path
        assert (await viewer.get(f"{path}?token={good}")).status_code in {400, 401}


async def test_a_channel_for_named_accounts_looks_off_the_air(closed: Publisher, viewer: httpx.AsyncClient, tokens: Tokens) -> None:
    good = token_for(tokens, f"id-of-{closed.channel}")
    await let_in(viewer, closed.index, good)
    closed.visibility = Visibility.NAMED
    await closed.announce()
    await closed.bus.announce_change(closed.channel)
    until = time.monotonic() + 30
    while (hidden := await viewer.get(closed.index)).status_code != 404 and time.monotonic() < until:
        pass
    absent = await viewer.get("/hls/nobody-at-all/index.m3u8")
    assert hidden.content == absent.content
    dull = {"date", "content-length"}
    assert {k: v for k, v in hidden.headers.items() if k not in dull} == {k: v for k, v in absent.headers.items() if k not in dull}
    assert (await let_in(viewer, closed.index, good)).status_code == 200


async def test_a_door_that_closes_closes_for_those_inside(publisher: Publisher, viewer: httpx.AsyncClient) -> None:
    await publisher.segments(2)
    part = f"{publisher.folder}/1.0.m4s"
    for path in (publisher.media, part):
        assert (await viewer.get(path)).status_code == 200
    publisher.visibility = Visibility.PASSWORD
    await publisher.announce()
    await publisher.bus.announce_change(publisher.channel)
    until = time.monotonic() + 30
    while (await viewer.get(part)).status_code != 401:
        assert time.monotonic() < until
    assert (await viewer.get(publisher.media)).status_code == 401
    publisher.visibility = Visibility.UNLISTED
    await publisher.announce()
    await publisher.bus.announce_change(publisher.channel)
    while (await viewer.get(part)).status_code != 200:
        assert time.monotonic() < until
    assert "public" in (await viewer.get(publisher.media)).headers["cache-control"]


async def test_a_channel_nobody_told_of_is_given_to_nobody(publisher: Publisher, viewer: httpx.AsyncClient) -> None:
    await publisher.segments(1)
    await publisher.bus.forget(channel_key(publisher.channel))
    assert (await viewer.get(publisher.media)).status_code == 404


async def test_a_preflight_allows_the_token(viewer: httpx.AsyncClient) -> None:
    answer = await viewer.options("/hls/demo/index.m3u8", headers={"Access-Control-Request-Headers": "authorization"})
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()


async def test_a_token_whose_key_is_gone_opens_nothing_any_more(bus: Bus) -> None:
    private, clock = Ed25519PrivateKey.generate(), SystemClock()
    ring = KeyRing(clock)
    key = PublicKey("old", private.public_key().public_bytes_raw(), datetime.now(UTC), None)
    ring.replace([key], SigningKey("old", private))
    tokens = Tokens(ring, clock)
    doors = Doors(bus, tokens, clock)
    info = ChannelInfo(id=ChannelId("c"), channel=ChannelName("c"), title="", visibility=Visibility.PASSWORD)
    token = token_for(tokens, "c")
    assert doors.admit(info, token) is False
    ring.replace([key])
    assert doors.admit(info, token) is False
    ring.replace([])
    with pytest.raises(Refused):
        doors.admit(info, token)


async def test_a_ban_stops_playback_when_the_last_token_is_over_since_none_follows(bus: Bus, ring: KeyRing) -> None:
    clock = HandClock(1_700_000_000)
    tokens = Tokens(ring, clock)
    doors = Doors(bus, tokens, clock)
    info = ChannelInfo(id=ChannelId("c"), channel=ChannelName("c"), title="", visibility=Visibility.NAMED)
    token = tokens.issue(TokenType.PLAYBACK, "somebody", PLAYBACK_SECONDS, channel="c")
    assert PLAYBACK_SECONDS <= LONGEST_LIFE[TokenType.PLAYBACK].total_seconds() == 300
    over = PLAYBACK_SECONDS + LEEWAY.total_seconds()
    for _ in range(int(over)):
        assert doors.admit(info, token) is False
        clock.turn(1)
    # Also remembered ones, which were found good a second ago.
    with pytest.raises(NotFound):
        doors.admit(info, token)
