"""The nouns of a team's work put together: they share one gate."""

from chat.moderation import Moderation
from chat.room_rules import RoomRules
from chat.team import Emit, Team
from storage.clock import Clock
from storage.opening import Storage
from web.api import (
    chat_appeals,
    chat_deletions,
    chat_moderation_log,
    chat_people,
    chat_queue,
    chat_restrictions,
    chat_settings,
    chat_terms,
    roles,
)
from web.api.route import Noun


def moderation_nouns(storage: Storage, clock: Clock, emit: Emit) -> tuple[tuple[Noun, object], ...]:
    """Each with what answers it. ``emit`` tells webhooks."""
    team = Team(storage, emit)
    moderation, rules = Moderation(team, clock), RoomRules(team, clock)
    return (
        (roles.NOUN, roles.RoleRoutes(storage, moderation)),
        (chat_settings.NOUN, chat_settings.ChatSettingsRoutes(rules)),
        (chat_deletions.NOUN, chat_deletions.ChatDeletionRoutes(moderation)),
        (chat_restrictions.NOUN, chat_restrictions.ChatRestrictionRoutes(team, moderation)),
        (chat_queue.NOUN, chat_queue.ChatQueueRoutes(team, moderation)),
        (chat_terms.NOUN, chat_terms.ChatTermRoutes(team, rules, clock)),
        (chat_people.NOUN, chat_people.ChatPeopleRoutes(team, moderation, clock)),
        (chat_moderation_log.NOUN, chat_moderation_log.ChatLogRoutes(team, rules)),
        (chat_appeals.NOUN, chat_appeals.ChatAppealRoutes(team, moderation)),
    )
