"""By what right somebody publishes, and that the media plane hears of the channel first."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.bus.messages import ChannelInfo
from storage.bus.topics import channel_key
from storage.key_ring import SigningKey
from storage.model.account import AccountState
from storage.model.channel import Visibility
from storage.model.errors import ErrorCode, FanlightError, Refused
from storage.model.ids import AccountName, ChannelName
from storage.model.token import PublicKey, TokenType
from storage.opening import open_storage
from storage.publishing import Publishing
from storage.settings import Settings
from tests.fixtures.valkey import Valkey

NAME = ChannelName("studio")


async def test_a_key_or_a_publish_token_of_the_channel_and_nothing_else(valkey: Valkey, tmp_path: Path) -> None:
    async with open_storage(Settings(data=tmp_path, redis_url=valkey.url)) as storage:
        await storage.database.migrate()
        ada, ben = [await storage.accounts.create(AccountName(name)) for name in ("ada", "ben")]
        channel = await storage.channels.create(NAME, "Studio", owner=ada.id)
        key, plain = await storage.stream_keys.add(NAME)
        private = Ed25519PrivateKey.generate()
        storage.keys.replace([PublicKey("k", private.public_key().public_bytes_raw(), datetime.now(UTC), None)], SigningKey("k", private))
        publishing = Publishing(storage)

        def token(kind: TokenType, name: str) -> str:
            return storage.tokens.issue(kind, ada.id, 60, channel=channel.id, name=name)

        assert (await publishing.permit(NAME, plain)).by == f"key:{key.id}"
        permit = await publishing.permit(NAME, token(TokenType.PUBLISH, NAME))
        assert (permit.by, permit.id, permit.key) == (f"account:{ada.id}", channel.id, None)
        wrong = [token(TokenType.PUBLISH, "other"), token(TokenType.PLAYBACK, NAME), token(TokenType.ACCESS, NAME), "a.b.c", "fl_x"]
        for shown in wrong:
            with pytest.raises(FanlightError) as raised:
                await publishing.permit(NAME, shown)
            assert (raised.value.code, raised.value.detail) == (ErrorCode.KEY_REFUSED, "The stream key is not valid for this channel.")

        await publishing.announce(permit)
        heard = await storage.bus.read(channel_key(NAME), ChannelInfo)
        assert heard == ChannelInfo(channel=NAME, id=channel.id, title="Studio", visibility=Visibility.PUBLIC)

        # A token that is good is still no permit for one who was banned, or has the channel no more.
        await storage.accounts.govern(ada.id, state=AccountState.BANNED)
        with pytest.raises(Refused):
            await publishing.announce(permit)
        await storage.accounts.govern(ada.id, state=AccountState.ACTIVE)
        await publishing.announce(permit)
        await storage.channels.give(channel.id, ben.id)
        with pytest.raises(Refused):
            await publishing.announce(permit)


async def test_without_the_database_a_channel_nobody_told_of_is_closed(valkey: Valkey, tmp_path: Path) -> None:
    (tmp_path / "fanlight.db").mkdir()
    async with open_storage(Settings(data=tmp_path, redis_url=valkey.url)) as storage:
        private = Ed25519PrivateKey.generate()
        storage.keys.replace([PublicKey("k", private.public_key().public_bytes_raw(), datetime.now(UTC), None)], SigningKey("k", private))
        publishing = Publishing(storage)
        permit = await publishing.permit(NAME, storage.tokens.issue(TokenType.PUBLISH, "ada", 60, channel="0" * 26, name=NAME))
        await publishing.announce(permit)
        heard = await storage.bus.read(channel_key(NAME), ChannelInfo)
        assert heard is not None
        assert not heard.visibility.is_open
