"""A room whose messages are written as the chat does."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import insert, update

from storage.chat.events import Author, Event, Message, decoded
from storage.database.chat_log import locked
from storage.database.tables import chat_member, chat_message, chat_room
from storage.model.account import Account
from storage.model.channel import Channel
from storage.model.ids import AccountName, RecordId
from storage.opening import Storage


@dataclass
class Room:
    """Writes rows as the chat does."""

    storage: Storage
    channel: Channel
    written: int = 0

    async def write(
        self,
        author: Account,
        text: str,
        *,
        state: str = "visible",
        media: int = 0,
        broadcast: str | None = None,
        held_for: str | None = None,
    ) -> RecordId:
        self.written += 1
        identifier = RecordId(f"{self.written:026d}")
        message = Message(
            id=identifier, at=self.written, author=Author(name=author.name, shown=author.name, colour="#000000"), text=text, media=media
        )
        values: dict[str, object] = {
            "id": identifier,
            "channel": self.channel.id,
            "author": author.id,
            "client_id": identifier,
            "kind": "text",
            "state": state,
            "text": text,
            "body": msgspec.json.encode(message).decode(),
            "broadcast": broadcast,
            "media_ms": media,
            "held_for": held_for,
            "created_at": datetime.now(UTC),
        }
        async with self.storage.database.transaction() as connection:
            room = (await locked(connection, [self.channel.id], datetime.now(UTC)))[self.channel.id]
            if state in {"visible", "deleted"}:
                values["seq"] = room.seq + 1
                await connection.execute(update(chat_room).where(chat_room.c.channel == self.channel.id).values(last_seq=room.seq + 1))
            await connection.execute(insert(chat_message).values(**values))
        return identifier

    async def texts(self, text: str = "", *, author: str = "", limit: int = 25, before: int | None = None) -> list[str]:
        name = AccountName(author) if author else None
        found = await self.storage.chat_search.find(self.channel.id, text, author=name, before=before, limit=limit)
        return [message.text for _, message in found.messages]

    async def came(self, *accounts: Account) -> None:
        """They have written here before."""
        now = datetime.now(UTC)
        rows: list[dict[str, Any]] = [
            {"channel": self.channel.id, "account": one.id, "first_at": now, "last_at": now, "messages": 1, "suspicion": "none"}
            for one in accounts
        ]
        async with self.storage.database.transaction() as connection:
            await connection.execute(insert(chat_member), rows)

    async def events(self, after: int = 0) -> list[Event]:
        """What the room was told."""
        return [decoded(one.body) for one in await self.storage.chat_log.since(self.channel.id, after)]
