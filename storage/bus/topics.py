"""Every name used on the bus, known from here only."""

from storage.model.ids import BroadcastId, CallId, ChannelId, ChannelName, NodeId
from storage.model.rendition import RenditionName


def node_key(node: NodeId) -> str:
    """Register of a running process: ``NodeInfo``, time to live 5 s."""
    return f"fl:node:{node}"


def session_key(channel: ChannelName) -> str:
    """Register of the session publishing to a channel: ``SessionInfo``, time to live 5 s."""
    return f"fl:session:{channel}"


def order_key(register: str) -> str:
    """Fencing token of a register that only the newest may write, with the same time to live."""
    return f"fl:order:{register}"


def broadcast_key(channel: ChannelName) -> str:
    """Register of a channel's current broadcast: ``BroadcastInfo``, time to live 30 s."""
    return f"fl:broadcast:{channel}"


def stopped_key(channel: ChannelName) -> str:
    """Register of a channel nobody may publish to for now: ``StopInfo``, time to live as long as that."""
    return f"fl:stopped:{channel}"


def channel_key(channel: ChannelName) -> str:
    """Register of what is public knowledge of a channel on the air: ``ChannelInfo``, time to live ten minutes."""
    return f"fl:channel:{channel}"


def window_key(broadcast: BroadcastId) -> str:
    """Stream of a broadcast's ``WindowBatch``, trimmed to the live window."""
    return f"fl:window:{broadcast}"


def part_key(broadcast: BroadcastId, rendition: RenditionName, msn: int, part: int) -> str:
    """Bytes of one part under a time to live."""
    return f"fl:part:{broadcast}:{rendition}:{msn}.{part}"


def init_key(broadcast: BroadcastId, rendition: RenditionName, init: int) -> str:
    """Bytes of one init segment, kept as long as the broadcast."""
    return f"fl:init:{broadcast}:{rendition}:{init}"


def viewers_key(channel: ChannelName) -> str:
    """Hash of edge node to its number of viewers."""
    return f"fl:viewers:{channel}"


def latency_key(channel: ChannelName, node: NodeId) -> str:
    """Register of what one web process heard of its viewers' latency: ``LatencyInfo``, time to live 20 s. Without a node: all."""
    return f"fl:latency:{channel}@{node}"


def lease_key(name: str) -> str:
    """Holder and fencing token of a lease."""
    return f"fl:lease:{name}"


def limit_key(name: str) -> str:
    """When all tries of a subject are allowed again, in microseconds of the server's clock."""
    return f"fl:limit:{name}"


def calls_key(node: NodeId) -> str:
    """List of calls waiting for a node."""
    return f"fl:calls:{node}"


def reply_key(call: str) -> str:
    """List that will hold the one reply to a call."""
    return f"fl:reply:{call}"


def room_topic(channel: ChannelId) -> str:
    """Pub/sub of a room's ``RoomHint``, told after they are committed. A hint may be lost: readers look into the log."""
    return f"fl:chat:{channel}"


def present_key(channel: ChannelId) -> str:
    """Sorted set of the accounts in a room, by when each is gone unless a node says again that it is there."""
    return f"fl:chat:present:{channel}"


def strangers_key(channel: ChannelId) -> str:
    """Hash of chat node to the number of its strangers in a room."""
    return f"fl:chat:strangers:{channel}"


def newcomers_key(channel: ChannelId) -> str:
    """Sorted set of the accounts new to a room, by when they first came; time to live a minute."""
    return f"fl:chat:newcomers:{channel}"


def crowd_key(channel: ChannelId) -> str:
    """Set when a room's newcomers were found to be a crowd; while it lives that is not told again."""
    return f"fl:chat:crowd:{channel}"


def ticket_key(ticket: str) -> str:
    """Set once, when a socket's ticket is used; time to live as long as the ticket could be shown again."""
    return f"fl:ticket:{ticket}"


def call_state_key(call: CallId) -> str:
    """Hash of a call's state, its version, and when each node that has somebody in it was heard last; time to live an hour."""
    return f"fl:call:{call}"


def call_node_topic(node: NodeId) -> str:
    """Pub/sub of what other chat nodes tell one of the calls it has somebody in. How a call stands is looked up as well."""
    return f"fl:call:node:{node}"


MENTIONS = "fl:chat:mentions"
"""Pub/sub of ``MentionHint``: every chat node hears it. A hint may be lost."""

CHANGES = "fl:changes"
"""Pub/sub hint that a session or broadcast register changed; its payload is the channel's name. A hint may be lost: readers also poll."""

SIGNING_KEYS = "fl:keys:signing"
"""Register of the public halves of the keys tokens are signed with: ``KeysInfo``, time to live a day."""

CALL_CHANGES = "fl:calls:changes"
"""Pub/sub hint that a call's record changed or is gone; its payload is the call's id. A hint may be lost: chat nodes also look."""

REVOCATIONS = "fl:revocations"
"""Pub/sub hint that something about an account or its sessions changed; its payload is the account's id. A hint may be lost."""

GENERATION = "fl:generation"
"""A random id that lives as long as the bus's data: a new value means that everything was lost and must be announced again."""

FENCE = "fl:fence"
"""The newest fencing token given out, of all leases and publishing sessions."""


def index_key(prefix: str) -> str:
    """Set of the keys of all registers that share a prefix, so that nobody has to scan the key space."""
    return f"fl:index:{prefix}"
