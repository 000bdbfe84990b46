"""What operators see and change. Times are Unix milliseconds."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from web.schema.channel import ChannelState


class AccountFilter(msgspec.Struct, frozen=True, kw_only=True):
    """``search`` is how a name begins."""

    search: str = ""


class AccountChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an account may do; either ends everything it was signed in with."""

    state: Literal["active", "banned"] | UnsetType = UNSET
    role: Literal["user", "operator"] | UnsetType = UNSET


class LiveBroadcast(msgspec.Struct, frozen=True, kw_only=True):
    """Something on air, whoever may watch it."""

    channel: str
    title: str
    state: ChannelState
    started_ms: int
    viewers: int


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """For how many ``seconds``, 0 to 86400, nobody can publish to the channel again."""

    seconds: int = 300


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting by its environment variable. ``secret`` ones show only whether they are set, as ``***``."""

    name: str
    value: str
    changed: bool
    secret: bool


class SettingList(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of the web role."""

    settings: tuple[Setting, ...]


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """By the name of who did it, the name of the channel, and an action (``channel.renamed``) or its noun (``channel``)."""

    actor: str = ""
    channel: str = ""
    action: str = ""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody did something. ``actor`` and ``channel`` are names, null for nobody or what is gone."""

    id: str
    actor: str | None
    action: str
    channel: str | None
    subject: str
    data: dict[str, str | int | float | bool | None]
    address: str
    created_ms: int
