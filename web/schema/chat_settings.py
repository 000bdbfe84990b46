"""How a channel's chat is run. Limits are those of :mod:`storage.chat.settings`, which says what each means."""

import msgspec
from msgspec import UNSET, UnsetType

from storage.chat.settings import Automod, Category, LinkPolicy, Modes, Raid


class ChatSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings. While the ``shield`` is up, ``shield_modes`` apply where they are stricter; ``effective`` is what applies now."""

    modes: Modes
    effective: Modes
    shield: bool
    shield_until_ms: int | None
    shield_modes: Modes
    automod: Automod
    allowed_hosts: tuple[str, ...]
    raid: Raid
    join_notices: bool
    previews: bool
    anonymous_readers: bool
    version: int


class ModesChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New values for some modes."""

    slow_seconds: int | UnsetType = UNSET
    followers_minutes: int | UnsetType | None = UNSET
    verified_only: bool | UnsetType = UNSET
    emote_only: bool | UnsetType = UNSET
    unique: bool | UnsetType = UNSET
    members_only: bool | UnsetType = UNSET
    read_only: bool | UnsetType = UNSET
    delay_seconds: int | UnsetType = UNSET
    account_age_minutes: int | UnsetType = UNSET
    links: LinkPolicy | UnsetType = UNSET


class AutomodChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New values for some of what is held."""

    levels: dict[Category, int] | UnsetType = UNSET
    capitals_percent: int | UnsetType = UNSET
    symbols_percent: int | UnsetType = UNSET
    repeats: int | UnsetType = UNSET
    marks: int | UnsetType = UNSET
    mentions: int | UnsetType = UNSET


class RaidChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New values for when a crowd raises the shield."""

    joins: int | UnsetType = UNSET
    minutes: int | UnsetType = UNSET


class ChatSettingsChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New values for some settings. The shield is raised and lowered by itself."""

    modes: ModesChange | UnsetType = UNSET
    shield_modes: ModesChange | UnsetType = UNSET
    automod: AutomodChange | UnsetType = UNSET
    allowed_hosts: list[str] | UnsetType = UNSET
    raid: RaidChange | UnsetType = UNSET
    join_notices: bool | UnsetType = UNSET
    previews: bool | UnsetType = UNSET
    anonymous_readers: bool | UnsetType = UNSET


class ShieldRaised(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shield that is raised. ``seconds`` says for how long, at most a week; until it is lowered unless said."""

    seconds: int | None = None
    reason: str = ""
