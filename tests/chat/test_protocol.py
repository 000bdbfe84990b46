"""The examples of docs/realtime-protocol.md are read and written by the server's own code, and its tables name all there is."""

import json
import re
from typing import Any, get_args

import msgspec
import pytest

from chat.protocol import ClientFrame, Close, ServerFrame, encode, identifier, parse
from storage.chat.events import Event
from storage.model.errors import BadInput, ErrorCode
from tests.architecture.sources import text

DOCUMENT = text("docs/realtime-protocol.md")
EXAMPLES = re.findall(r"```json (client|server)\n(.*?)\n```", DOCUMENT, re.DOTALL)
_server: msgspec.json.Decoder[Any] = msgspec.json.Decoder(ServerFrame)


@pytest.mark.parametrize("example", [body for side, body in EXAMPLES if side == "client"])
def test_a_clients_example_is_read(example: str) -> None:
    frame = parse(example)

    shown = json.loads(example)
    assert {**shown, **msgspec.to_builtins(frame)} == {**msgspec.to_builtins(frame), **shown}


@pytest.mark.parametrize("example", [body for side, body in EXAMPLES if side == "server"])
def test_a_servers_example_is_what_it_writes(example: str) -> None:
    frame = _server.decode(example)

    assert json.loads(encode(frame)) == json.loads(example)


@pytest.mark.parametrize(("side", "union"), [("client", ClientFrame), ("server", ServerFrame)])
def test_every_frame_has_an_example(side: str, union: Any) -> None:
    shown = {json.loads(body)["type"] for found, body in EXAMPLES if found == side}

    assert shown == {kind.__struct_config__.tag for kind in get_args(union)}


def test_every_event_and_every_close_code_has_its_row() -> None:
    kinds = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.MULTILINE)) - {"kind"}
    codes = {int(code) for code in re.findall(r"^\| (\d{4}) \|", DOCUMENT, re.MULTILINE)}

    assert kinds == {kind.__struct_config__.tag for kind in get_args(Event)}
    assert codes == {int(code) for code in Close if code is not Close.GOING_AWAY}


@pytest.mark.parametrize(
    "unreadable",
    [
        *("", "null", "[]", "{}", '"ping"', "1e999", "{", '{"type": "dance"}', '{"type": 1}', '{"type": "ping", "type": "dance"}'),
        *('{"type": "join", "id": "1"}', '{"type": "join", "id": "", "room": "main"}', '{"type": "join", "id": 1, "room": "main"}'),
        f'{{"type": "join", "id": "{"x" * 65}", "room": "main"}}',
        f'{{"type": "hello", "version": {10**40}}}',
        "[" * 10_000,
        '{"type": "ping", "x":' + "[" * 10_000,
        '{"type": "join", "id": "1", "room": "\ud800"}',
    ],
)
def test_what_is_no_frame_is_refused_without_a_fault(unreadable: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(unreadable)

    assert refused.value.code is ErrorCode.FRAME_INVALID
    assert len(refused.value.detail) < 300
    assert len(identifier(unreadable)) <= 64


def test_a_field_nobody_knows_is_ignored() -> None:
    assert parse('{"type": "ping", "tomorrow": {"a": [1]}}') == parse('{"type": "ping"}')
