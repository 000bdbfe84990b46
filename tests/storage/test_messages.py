"""What nodes of two releases tell each other."""

import typing

import msgspec
import pytest

from storage.bus import messages, topics
from storage.bus.messages import Call, PartEvent, Reply, WindowBatch, WindowEvent
from storage.model.ids import BroadcastId, ChannelName, NodeId, ObjectFolder
from storage.model.rendition import RenditionName
from storage.objects import keys

STRUCTS = [
    kind for kind in vars(messages).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct
]
PART = PartEvent(
    rendition=RenditionName.AUDIO, msn=7, part=1, duration=0.384, size=9, independent=True, init=2, program_ms=1_800_000_000_000
)


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__name__)
def test_a_message_is_immutable_named_and_documented(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.frozen
    assert all(not field.name.startswith("_") for field in msgspec.structs.fields(kind))
    assert kind.__doc__


@pytest.mark.parametrize("union", [Call, Reply, WindowEvent], ids=["call", "reply", "event"])
def test_members_of_a_union_are_told_apart_by_their_tag(union: object) -> None:
    tags = [member.__struct_config__.tag for member in typing.get_args(union)]
    assert None not in tags
    assert len(set(tags)) == len(tags)


def test_a_batch_comes_back_as_it_was() -> None:
    batch = WindowBatch(events=(PART, messages.EndEvent()), checkpoint=b"\x00\xff")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(batch), type=WindowBatch) == batch


def test_a_reader_ignores_fields_it_does_not_know() -> None:
    told = msgspec.to_builtins(PART) | {"colour": "red"}
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(told), type=PartEvent) == PART


def test_no_two_names_on_the_bus_or_in_the_store_are_the_same() -> None:
    channel, node, broadcast, video = ChannelName("a"), NodeId("a"), BroadcastId("a"), RenditionName.VIDEO
    folder = ObjectFolder("a")
    names = [
        topics.node_key(node),
        topics.session_key(channel),
        topics.broadcast_key(channel),
        topics.window_key(broadcast),
        topics.part_key(broadcast, video, 1, 2),
        topics.part_key(broadcast, video, 12, 0),
        topics.part_key(broadcast, RenditionName.AUDIO, 1, 2),
        topics.init_key(broadcast, video, 1),
        topics.viewers_key(channel),
        topics.latency_key(channel, node),
        topics.lease_key("a"),
        topics.calls_key(node),
        topics.reply_key("a"),
        topics.index_key("fl:node:"),
        topics.CHANGES,
        topics.GENERATION,
        topics.FENCE,
        keys.init_object(channel, folder, video, 1),
        keys.segment_object(channel, folder, video, 1),
        keys.media_playlist_object(channel, folder, video),
        keys.multivariant_playlist_object(channel, folder),
        keys.channel_playlist_object(channel),
        keys.poster_object(channel, folder, 1),
    ]
    assert len(set(names)) == len(names)
    for name in names[-6:]:
        keys.check_key(name)
