import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.model import ids
from storage.model.broadcast import ENDS_BROADCAST, TRANSITIONS, BroadcastState, IllegalTransition, PublishEnd, advance
from storage.model.errors import BadInput, Conflict, ErrorCode, FanlightError, NotFound, Refused, Unavailable
from storage.model.media import CLOCK_RATE, Codec, Track, TrackKind

LEGAL = {
    ("starting", "live"),
    ("starting", "ended"),
    ("live", "interrupted"),
    ("live", "ended"),
    ("interrupted", "live"),
    ("interrupted", "ended"),
}


@pytest.mark.parametrize("old", BroadcastState)
@pytest.mark.parametrize("new", BroadcastState)
def test_a_broadcast_goes_only_the_ways_of_the_table(old: BroadcastState, new: BroadcastState) -> None:
    if (old, new) in LEGAL:
        assert advance(old, new) is new
    else:
        with pytest.raises(IllegalTransition):
            advance(old, new)


def test_every_state_is_reached_and_the_end_is_final() -> None:
    assert set().union(*TRANSITIONS.values()) | {BroadcastState.STARTING} == set(BroadcastState)
    assert not TRANSITIONS[BroadcastState.ENDED]


def test_only_a_good_bye_and_a_right_that_is_gone_end_a_broadcast_at_once() -> None:
    assert {PublishEnd.PUBLISHER_LEFT, PublishEnd.REVOKED} == ENDS_BROADCAST


@given(st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?", fullmatch=True))
def test_a_good_channel_name_is_taken_as_it_is(name: str) -> None:
    assert ids.channel_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "_", "A", "a b", "ä", "a" * 33, "a/b", "..", "a\n", "a\x00", "*", "\uff11"])
def test_a_bad_channel_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput) as raised:
        ids.channel_name(name)
    assert raised.value.code == ErrorCode.CHANNEL_NAME_INVALID


@given(st.text())
def test_no_text_at_all_does_more_than_be_refused(name: str) -> None:
    with suppress(BadInput):
        assert ids.channel_name(name).isascii()


def test_a_session_tells_its_node_and_can_not_be_guessed() -> None:
    node = ids.new_node_id("ingest")
    sessions = {ids.new_session_id(node) for _ in range(100)}
    assert len(sessions) == 100
    assert {ids.node_of(session) for session in sessions} == {node}
    assert all(len(session.rpartition(".")[2]) == 32 for session in sessions)


@pytest.mark.parametrize("text", ["", "x", ".", "a.b.c", "../.."])
def test_a_node_of_nonsense_is_nonsense_and_no_error(text: str) -> None:
    assert isinstance(ids.node_of(ids.SessionId(text)), str)


@pytest.mark.parametrize("kind", [BadInput, Refused, NotFound, Conflict, Unavailable])
def test_an_error_says_its_code_and_its_sentence(kind: type[FanlightError]) -> None:
    error = kind(ErrorCode.NOT_FOUND, "There is no such thing.", channel="a")
    assert (str(error), error.code, error.detail, error.data) == (
        "not_found: There is no such thing.",
        "not_found",
        "There is no such thing.",
        {"channel": "a"},
    )


def test_every_codec_has_a_clock() -> None:
    assert set(CLOCK_RATE) == set(Codec)
    assert Track(TrackKind.AUDIO, Codec.OPUS, 2).clock_rate == 48_000
    assert Track(TrackKind.VIDEO, Codec.H264).clock_rate == 90_000


def test_the_model_rests_on_the_standard_library_only() -> None:
    script = "import storage.model.channel, storage.model.media, storage.model.rendition, storage.model.broadcast, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout.split()
    ours = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    before = subprocess.run([sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, check=True, text=True)
    assert ours - {name.partition(".")[0] for name in before.stdout.split()} == {"storage"}
