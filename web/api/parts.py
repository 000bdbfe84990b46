"""What the routes of the interface are made of: one of each, shared by all nouns."""

from collections.abc import Mapping
from dataclasses import dataclass

from chat.moderation import Moderation
from chat.room_rules import RoomRules
from chat.shows import Shows
from chat.team import Team
from ingest.gateway import Gateway
from storage.clock import Clock
from storage.opening import Storage
from storage.rate_limits import RateLimits
from storage.sealing import Sealer
from storage.settings import Settings
from web.addresses import Addresses
from web.api.channel_views import ChannelViews
from web.audience import Audience
from web.auth import Authentication
from web.directory import Directory
from web.letters import Letters
from web.oidc.provider import Provider
from web.pictures import Pictures
from web.titles import Titles
from web.webhooks.webhooks import Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Made by :func:`web.app.create_app`; :mod:`web.api.table` says who gets which. ``sealer`` is the one of webhooks' secrets."""

    settings: Settings
    storage: Storage
    clock: Clock
    addresses: Addresses
    audience: Audience
    authentication: Authentication
    directory: Directory
    gateway: Gateway
    letters: Letters
    limits: RateLimits
    moderation: Moderation
    pictures: Pictures
    providers: Mapping[str, Provider]
    rules: RoomRules
    sealer: Sealer
    shows: Shows
    team: Team
    titles: Titles
    views: ChannelViews
    webhooks: Webhooks
