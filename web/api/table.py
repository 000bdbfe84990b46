"""The route table: every noun of the interface, in the order people read them, and who answers for it."""

from collections.abc import Callable

from chat.announcements import Announcements
from web.api import (
    accounts,
    admin,
    api_tokens,
    calls,
    channel_pictures,
    channels,
    chat_announcements,
    chat_appeals,
    chat_commands,
    chat_deletions,
    chat_emotes,
    chat_messages,
    chat_moderation_log,
    chat_people,
    chat_pins,
    chat_polls,
    chat_previews,
    chat_queue,
    chat_restrictions,
    chat_settings,
    chat_terms,
    follows,
    latency,
    live,
    logins,
    own_account,
    playback,
    publishing,
    roles,
    second_factor,
    server_time,
    sessions,
    sockets,
    stream_keys,
    webhooks,
)
from web.api.parts import Parts
from web.api.route import Noun, Route
from web.previews.previews import Previews
from web.sign_in import SignIns

Make = Callable[[Parts], object]
"""Makes what answers a noun's routes."""

TABLE: tuple[tuple[Noun, Make], ...] = (
    (live.NOUN, lambda of: live.LiveRoutes(of.storage, of.directory, of.views)),
    (
        accounts.NOUN,
        lambda of: accounts.AccountRoutes(
            of.settings, of.storage, of.authentication, letters=of.letters, webhooks=of.webhooks, clock=of.clock
        ),
    ),
    (
        sessions.NOUN,
        lambda of: sessions.SessionRoutes(of.authentication, of.storage.sessions, SignIns(of.storage, of.limits), of.storage.audit),
    ),
    (
        own_account.NOUN,
        lambda of: own_account.OwnAccountRoutes(
            of.storage,
            of.authentication,
            letters=of.letters,
            pictures=of.pictures,
            directory=of.directory,
            gateway=of.gateway,
            clock=of.clock,
        ),
    ),
    (channels.NOUN, lambda of: channels.ChannelRoutes(of.storage, of.directory, of.views, of.pictures)),
    (channel_pictures.NOUN, lambda of: channel_pictures.ChannelPictureRoutes(of.storage, of.views, of.pictures)),
    (stream_keys.NOUN, lambda of: stream_keys.StreamKeyRoutes(of.storage)),
    (roles.NOUN, lambda of: roles.RoleRoutes(of.storage, of.moderation)),
    (chat_messages.NOUN, lambda of: chat_messages.MessageRoutes(of.storage)),
    (chat_commands.NOUN, lambda of: chat_commands.ChatCommandRoutes(of.storage)),
    (chat_emotes.NOUN, lambda of: chat_emotes.EmoteRoutes(of.storage, of.pictures)),
    (chat_polls.NOUN, lambda of: chat_polls.PollRoutes(of.storage, of.shows)),
    (chat_announcements.NOUN, lambda of: chat_announcements.ChatAnnouncementRoutes(Announcements(of.team, of.clock))),
    (chat_pins.NOUN, lambda of: chat_pins.ChatPinRoutes(of.shows)),
    (
        chat_previews.NOUN,
        lambda of: chat_previews.PreviewRoutes(of.storage, Previews(of.clock, private=of.settings.webhook_private)),
    ),
    (chat_settings.NOUN, lambda of: chat_settings.ChatSettingsRoutes(of.rules)),
    (chat_deletions.NOUN, lambda of: chat_deletions.ChatDeletionRoutes(of.moderation)),
    (chat_restrictions.NOUN, lambda of: chat_restrictions.ChatRestrictionRoutes(of.team, of.moderation)),
    (chat_queue.NOUN, lambda of: chat_queue.ChatQueueRoutes(of.team, of.moderation)),
    (chat_terms.NOUN, lambda of: chat_terms.ChatTermRoutes(of.team, of.rules, of.clock)),
    (chat_people.NOUN, lambda of: chat_people.ChatPeopleRoutes(of.team, of.moderation, of.clock)),
    (chat_moderation_log.NOUN, lambda of: chat_moderation_log.ChatLogRoutes(of.team, of.rules)),
    (chat_appeals.NOUN, lambda of: chat_appeals.ChatAppealRoutes(of.team, of.moderation)),
    (follows.NOUN, lambda of: follows.FollowRoutes(of.storage, of.views)),
    (playback.NOUN, lambda of: playback.PlaybackRoutes(of.storage)),
    (second_factor.NOUN, lambda of: second_factor.SecondFactorRoutes(of.storage)),
    (logins.NOUN, lambda of: logins.LoginRoutes(of.providers, of.storage.identities)),
    (api_tokens.NOUN, lambda of: api_tokens.ApiTokenRoutes(of.storage.api_tokens, of.clock)),
    (publishing.NOUN, lambda of: publishing.PublishingRoutes(of.storage, of.directory)),
    (sockets.NOUN, lambda of: sockets.SocketRoutes(of.storage, of.addresses)),
    (calls.NOUN, lambda of: calls.CallRoutes(of.storage, of.settings, of.limits, of.clock)),
    (
        webhooks.NOUN,
        lambda of: webhooks.WebhookRoutes(of.storage, of.storage.access, of.webhooks, of.sealer, private=of.settings.webhook_private),
    ),
    (admin.NOUN, lambda of: admin.AdminRoutes(of.storage, of.settings, of.directory, of.titles, of.gateway)),
    (latency.NOUN, lambda of: latency.LatencyRoutes(of.directory, of.audience)),
    (server_time.NOUN, lambda of: server_time.TimeRoutes(of.clock)),
)

NOUNS: tuple[Noun, ...] = tuple(noun for noun, _ in TABLE)


def routes() -> tuple[Route, ...]:
    """Everything that can be asked."""
    return tuple(route for noun in NOUNS for route in noun.routes)
