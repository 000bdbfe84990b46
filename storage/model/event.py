"""What a webhook can be told of."""

from enum import StrEnum


class Event(StrEnum):
    """Stable names; what comes with each is in ``docs/webhooks.md``."""

    BROADCAST_STARTED = "broadcast.started"
    BROADCAST_ENDED = "broadcast.ended"
    RECORDING_READY = "recording.ready"
    ACCOUNT_CREATED = "account.created"
    MODERATION_ACTED = "moderation.acted"


OF_CHANNELS = frozenset({Event.BROADCAST_STARTED, Event.BROADCAST_ENDED, Event.RECORDING_READY, Event.MODERATION_ACTED})
"""Those a channel's own webhook can ask for; the rest is for operators."""
