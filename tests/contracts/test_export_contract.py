"""What of a channel's chat is in the copy an account gets of everything about it."""

from datetime import UTC, datetime

from sqlalchemy import insert

from storage.database.export import ExportRepository
from storage.database.tables import chat_member, chat_message, chat_note
from storage.model.ids import new_record_id
from tests.contracts.conftest import Records


async def test_an_owner_gets_what_it_wrote_and_not_what_others_wrote_in_its_channel(records: Records) -> None:
    owner, writer = await records.account("ada"), await records.account("grace")
    channel = await records.channel("main", owner)
    await records.storage.chat_log.open(channel.id)
    now = datetime.now(UTC)
    common = {"channel": channel.id, "kind": "text", "state": "visible", "body": "{}", "media_ms": 0, "created_at": now}
    async with records.storage.database.transaction() as connection:
        for author, text in ((owner, "mine"), (writer, "hers")):
            values = {"id": new_record_id(1), "author": author.id, "client_id": "1", "text": text}
            await connection.execute(insert(chat_message).values(**common, **values))
        await connection.execute(insert(chat_member).values(channel=channel.id, account=writer.id, messages=1, suspicion="none"))
        note = {"id": new_record_id(2), "channel": channel.id, "account": writer.id, "author": owner.id, "text": "Kind.", "created_at": now}
        await connection.execute(insert(chat_note).values(**note))
    exports = ExportRepository(records.storage.database)
    of_owner, of_writer = (await exports.of(owner.id)).records, (await exports.of(writer.id)).records
    assert [row["text"] for row in of_owner["chat_message"]] == ["mine"]
    assert [row["text"] for row in of_owner["chat_note"]] == ["Kind."]
    assert "chat_member" not in of_owner
    assert "chat_room" not in of_owner
    assert [row["text"] for row in of_writer["chat_message"]] == ["hers"]
    assert len(of_writer["chat_member"]) == 1
    assert "chat_note" not in of_writer
