"""Webhooks and what they were told. Times are Unix milliseconds."""

import msgspec
from msgspec import UNSET, UnsetType

from storage.model.event import Event


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address to tell, of a ``channel`` or, without one, of the whole instance."""

    url: str
    events: tuple[Event, ...]
    channel: str | None = None


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is given changes. ``enabled`` again begins anew with what failed before forgotten."""

    url: str | UnsetType = UNSET
    events: tuple[Event, ...] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is told. ``failures`` counts attempts in a row; ``secret`` is shown once, when it is made."""

    id: str
    url: str
    events: tuple[Event, ...]
    channel: str | None
    enabled: bool
    failures: int
    created_ms: int
    version: int
    secret: str | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one webhook. ``state`` is ``pending``, ``delivered`` or ``failed``; ``status`` is the last answer's."""

    id: str
    event: Event
    state: str
    attempts: int
    status: int | None
    error: str | None
    body: str
    created_ms: int
    next_ms: int | None
    done_ms: int | None
