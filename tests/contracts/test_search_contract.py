"""One contract for finding channels in every database."""

from storage.database.search import Search
from storage.model.channel import Visibility
from storage.model.channel_edit import ChannelEdit
from tests.contracts.conftest import Records


async def _all(records: Records, search: Search, limit: int = 2) -> list[str]:
    names: list[str] = []
    after = ""
    while True:
        found = await records.storage.search.find(search, after=after, limit=limit)
        names += [channel.name for channel in found.channels]
        assert len(found.channels) <= limit
        if not found.next:
            return names
        after = found.next


async def test_channels_are_found_by_words_category_and_tag_and_every_page_follows_the_last(records: Records) -> None:
    channels = records.storage.channels
    for name, title, category, tags in (
        ("ada", "Größe und Mut", "music", ("synth", "live")),
        ("ben", "Late night synths", "music", ("synth",)),
        ("cleo", "Synthesis, syntax, synonyms", "science", ("talk",)),
        ("dora-live", "Café", "", ()),
        ("eve", "Hidden synths", "music", ("synth",)),
    ):
        made = await records.channel(name, title=title)
        hidden = Visibility.UNLISTED if name == "eve" else None
        await channels.edit(made.id, ChannelEdit(category=category, tags=tags, visibility=hidden))

    assert await _all(records, Search()) == ["ada", "ben", "cleo", "dora-live"]
    assert sorted(await _all(records, Search("syn"))) == ["ada", "ben", "cleo"]
    assert sorted(await _all(records, Search("syn"), limit=1)) == ["ada", "ben", "cleo"]
    assert await _all(records, Search("GROSSE")) == ["ada"]
    assert await _all(records, Search("cafe")) == ["dora-live"]
    assert await _all(records, Search("doralive")) == ["dora-live"]
    assert await _all(records, Search("synths night")) == ["ben"]
    assert await _all(records, Search("syn", category="Science")) == ["cleo"]
    assert await _all(records, Search("syn", tag="live")) == ["ada"]
    assert await _all(records, Search(category="music")) == ["ada", "ben"]
    assert sorted(await _all(records, Search(tag="synth"), limit=1)) == ["ada", "ben"]
    assert await _all(records, Search(tag="synth", category="science")) == []
    for nothing in ("nothing", "100%", "_", "!?", "\U0010ffff"):
        assert await _all(records, Search(nothing)) == []


async def test_what_a_channel_no_longer_says_does_not_find_it(records: Records) -> None:
    made = await records.channel("ada", title="Violins")
    await records.storage.channels.edit(made.id, ChannelEdit(title="Drums"))
    assert await _all(records, Search("violins")) == []
    assert await _all(records, Search("drums")) == ["ada"]
    await records.storage.channels.edit(made.id, ChannelEdit(visibility=Visibility.NAMED))
    assert await _all(records, Search("drums")) == []
