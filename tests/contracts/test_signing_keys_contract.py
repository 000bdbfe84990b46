"""One contract for the keys of tokens in every database, and for how other nodes learn them over a real bus."""

import asyncio

import pytest

from storage.announced_keys import AnnouncedKeys, announce
from storage.bus.redis import Bus
from storage.clock import SystemClock
from storage.database.engine import Database
from storage.database.signing_keys import SigningKeyRepository
from storage.key_ring import KeyRing
from storage.model.errors import BadInput, Refused
from storage.model.token import LEEWAY, LONGEST_LIFE, PROPAGATION, TokenType
from storage.sealing import Sealer
from storage.signing import ROTATION, SigningKeys
from storage.tokens import Tokens
from tests.fixtures.valkey import Valkey
from tests.storage.hand_clock import HandClock

START = 1_800_000_000
WINDOW = (PROPAGATION + LONGEST_LIFE[TokenType.ACCESS] + LEEWAY).total_seconds()


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


class Node:
    """A web node's keys and tokens."""

    def __init__(self, database: Database, clock: HandClock, secret: str = "the same on every node") -> None:
        self.ring = KeyRing(clock)
        self.signing = SigningKeys(SigningKeyRepository(database), Sealer(secret, "signing-keys"), self.ring, clock)
        self.tokens = Tokens(self.ring, clock)

    def token(self) -> str:
        return self.tokens.issue(TokenType.ACCESS, "somebody", 600)

    def reads(self, token: str) -> bool:
        try:
            return self.tokens.read(TokenType.ACCESS, token).subject == "somebody"
        except Refused:
            return False


async def test_nodes_that_begin_together_agree_on_one_key(database: Database, clock: HandClock) -> None:
    nodes = [Node(database, clock) for _ in range(4)]
    await asyncio.gather(*(node.signing.refresh() for node in nodes))
    assert {node.ring.signing.kid for node in nodes} == {"first"}
    assert all(node.reads(nodes[0].token()) for node in nodes)


async def test_a_rotation_refuses_no_token_of_before_and_none_of_after(database: Database, clock: HandClock) -> None:
    signs, hears = Node(database, clock), Node(database, clock)
    await signs.signing.refresh()
    await hears.signing.refresh()
    before = signs.token()
    clock.turn(1)
    kid = await signs.signing.rotate()
    # The other node has not looked yet, and everything goes on.
    assert hears.reads(signs.token())
    assert signs.ring.signing.kid == "first"
    clock.turn(PROPAGATION.total_seconds())
    for node in (hears, signs):
        await node.signing.refresh()
    assert signs.ring.signing.kid == kid
    assert hears.reads(signs.token())
    assert hears.reads(before)


async def test_a_retired_key_is_refused_after_its_window(database: Database, clock: HandClock) -> None:
    node = Node(database, clock)
    await node.signing.refresh()
    await node.signing.rotate()
    clock.turn(PROPAGATION.total_seconds() - 1)
    last = node.token()
    clock.turn(WINDOW - PROPAGATION.total_seconds() - 1)
    # Its own end and its key's fall together: nothing that is good is cut off, nothing outlives it.
    assert node.reads(last)
    clock.turn(2)
    assert not node.reads(last)
    assert node.ring.verifying("first", TokenType.ACCESS) is None
    assert node.ring.verifying("first", TokenType.REFRESH) is not None
    clock.turn(LONGEST_LIFE[TokenType.REFRESH].total_seconds())
    await node.signing.refresh()
    assert "first" not in {key.kid for key in node.ring.keys}


async def test_after_a_leak_nothing_of_before_is_good(database: Database, clock: HandClock) -> None:
    node, other = Node(database, clock), Node(database, clock)
    await node.signing.refresh()
    await other.signing.refresh()
    before = node.token()
    await node.signing.rotate(at_once=True)
    assert not node.reads(before)
    await other.signing.refresh()
    assert not other.reads(before)
    assert other.reads(node.token())


async def test_an_old_key_is_followed_by_the_next_without_anybody_asking_and_only_once(database: Database, clock: HandClock) -> None:
    nodes = [Node(database, clock) for _ in range(3)]
    await nodes[0].signing.refresh()
    clock.turn(ROTATION.total_seconds() + 1)
    await asyncio.gather(*(node.signing.refresh() for node in nodes))
    for node in nodes:
        await node.signing.refresh()
    assert {len(node.ring.keys) for node in nodes} == {2}


async def test_a_new_secret_means_a_new_key_and_the_old_tokens_stay_good(database: Database, clock: HandClock) -> None:
    before = Node(database, clock, "one secret of the instance")
    await before.signing.refresh()
    token = before.token()
    after = Node(database, clock, "another secret of the instance")
    await after.signing.refresh()
    clock.turn(PROPAGATION.total_seconds())
    await after.signing.refresh()
    assert after.reads(token)
    assert after.reads(after.token())


async def test_no_private_key_is_kept_in_the_clear(database: Database, clock: HandClock) -> None:
    node = Node(database, clock)
    await node.signing.refresh()
    raw = node.ring.signing.private.private_bytes_raw()
    (stored,) = await SigningKeyRepository(database).read()
    assert raw not in stored.sealed
    assert raw.hex() not in repr(stored)


async def test_a_node_that_only_verifies_learns_the_keys_from_the_bus_and_keeps_them_when_it_is_gone(
    database: Database, valkey: Valkey
) -> None:
    clock, bus = SystemClock(), Bus(valkey.url, SystemClock())
    ring = KeyRing(clock)
    signing = SigningKeys(SigningKeyRepository(database), Sealer("a secret of the instance", "signing-keys"), ring, clock)
    heard = KeyRing(clock)
    hearing = AnnouncedKeys(bus, heard, clock)
    try:
        await hearing.refresh()
        assert heard.keys == ()
        await signing.refresh()
        await announce(bus, ring.keys)
        await hearing.refresh()
        token = Tokens(ring, clock).issue(TokenType.PLAYBACK, "somebody", 300)
        assert Tokens(heard, clock).read(TokenType.PLAYBACK, token).subject == "somebody"
        valkey.kill()
        valkey.start()
        await hearing.refresh()
        assert Tokens(heard, clock).read(TokenType.PLAYBACK, token).subject == "somebody"
        # The web nodes say it again.
        announcing = asyncio.ensure_future(signing.run(bus))
        fresh = KeyRing(clock)
        async with asyncio.timeout(20):
            while not fresh.keys:
                await AnnouncedKeys(bus, fresh, clock).refresh()
                await asyncio.sleep(0.1)
        announcing.cancel()
        await asyncio.gather(announcing, return_exceptions=True)
        assert {key.kid for key in fresh.keys} == {"first"}
    finally:
        await bus.close()


def test_what_is_sealed_opens_for_the_same_secret_purpose_and_record_only() -> None:
    sealed = Sealer("a secret", "purpose").seal(b"plain", "record")
    assert Sealer("a secret", "purpose").open(sealed, "record") == b"plain"
    assert Sealer("a secret", "purpose").open(sealed, "another") is None
    assert Sealer("a secret", "another").open(sealed, "record") is None
    assert Sealer("another", "purpose").open(sealed, "record") is None
    for broken in (b"", sealed[:11], sealed[:-1], bytes(len(sealed))):
        assert Sealer("a secret", "purpose").open(broken, "record") is None
    with pytest.raises(BadInput):
        Sealer("", "purpose")
