"""Typed names and identifiers, and the one way each is made or checked."""

import re
import secrets
from typing import NewType

from storage.model.errors import BadInput, ErrorCode

ChannelName = NewType("ChannelName", str)
AccountName = NewType("AccountName", str)
RecordId = NewType("RecordId", str)
"""Of a record in the database; see :func:`new_record_id`."""
AccountId = NewType("AccountId", str)
ChannelId = NewType("ChannelId", str)
CallId = NewType("CallId", str)
CallName = NewType("CallName", str)
"""Random: who does not know it can't find the call."""
NodeId = NewType("NodeId", str)
SessionId = NewType("SessionId", str)
ObjectFolder = NewType("ObjectFolder", str)
"""Random, and in no address a viewer sees of a closed channel: who does not know it can name none of a broadcast's objects."""
BroadcastId = NewType("BroadcastId", str)
"""Random, in every object's name: a cached segment of yesterday's broadcast can't be served today."""

_CHANNEL_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,30}[a-z0-9])?")


def channel_name(text: str) -> ChannelName:
    """Check a channel's name: 1 to 32 of a-z, 0-9, ``-`` and ``_``, starting and ending with a letter or digit.

    Raises:
        BadInput: ``CHANNEL_NAME_INVALID``.
    """
    if not _CHANNEL_NAME.fullmatch(text):
        raise BadInput(
            ErrorCode.CHANNEL_NAME_INVALID,
            "A channel's name is 1 to 32 lower-case letters, digits, '-' or '_', and starts and ends with a letter or digit.",
        )
    return ChannelName(text)


def account_name(text: str) -> AccountName:
    """Check an account's name, by the same rule as a channel's.

    Raises:
        BadInput: ``ACCOUNT_NAME_INVALID``.
    """
    if not _CHANNEL_NAME.fullmatch(text):
        raise BadInput(
            ErrorCode.ACCOUNT_NAME_INVALID,
            "A name is 1 to 32 lower-case letters, digits, '-' or '_', and starts and ends with a letter or digit.",
        )
    return AccountName(text)


_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 26
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def new_record_id(unix_ms: int) -> RecordId:
    """A record's id: 48 bits of time in milliseconds and 80 random ones, in 26 characters that sort by time."""
    return _record_id((unix_ms & (1 << 48) - 1) << 80 | secrets.randbits(80))


def record_id_after(last: str | None, unix_ms: int) -> RecordId:
    """A record's id that sorts behind another, whatever the clocks said when that was made."""
    made = new_record_id(unix_ms)
    if last is None or made > last:
        return made
    number = 0
    for letter in last:
        number = number << 5 | _ALPHABET.index(letter)
    return _record_id(number + 1)


def _record_id(number: int) -> RecordId:
    return RecordId("".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)]))


def new_call_name() -> CallName:
    """A call's name that nobody can guess: 130 random bits in 26 characters."""
    return CallName("".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)))


def is_call_name(text: str) -> bool:
    """Whether a call could have this name."""
    return len(text) == _LENGTH and set(text) <= set(_ALPHABET)


def new_node_id(role: str) -> NodeId:
    """A name for one run of one process, e.g. ``ingest-5f3a9c0e``."""
    return NodeId(f"{role}-{secrets.token_hex(4)}")


def new_session_id(node: NodeId) -> SessionId:
    """The unguessable id of a publisher's session (128 random bits, RFC 9725 section 5) that names its ingest node.

    The node's name stands before the dot, so that any web process can hand a later request to the right node.
    """
    return SessionId(f"{node}.{secrets.token_hex(16)}")


def node_of(session: SessionId) -> NodeId:
    """The ingest node a session lives on."""
    return NodeId(session.rpartition(".")[0])


def new_object_folder() -> ObjectFolder:
    """The unguessable name of one broadcast's folder in the object store, 128 bits in hex."""
    return ObjectFolder(secrets.token_hex(16))


def new_broadcast_id() -> BroadcastId:
    """The random id ("epoch") of one broadcast run, 64 bits in hex."""
    return BroadcastId(secrets.token_hex(8))
