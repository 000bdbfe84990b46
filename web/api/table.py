"""The route table: every noun of the interface, in the order people read them."""

from web.api import (
    accounts,
    admin,
    api_tokens,
    channels,
    chat_emotes,
    chat_messages,
    chat_polls,
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
from web.api.route import Noun, Route

NOUNS: tuple[Noun, ...] = (
    live.NOUN,
    accounts.NOUN,
    sessions.NOUN,
    own_account.NOUN,
    channels.NOUN,
    stream_keys.NOUN,
    roles.NOUN,
    chat_messages.NOUN,
    chat_emotes.NOUN,
    chat_polls.NOUN,
    follows.NOUN,
    playback.NOUN,
    second_factor.NOUN,
    logins.NOUN,
    api_tokens.NOUN,
    publishing.NOUN,
    sockets.NOUN,
    webhooks.NOUN,
    admin.NOUN,
    latency.NOUN,
    server_time.NOUN,
)


def routes() -> tuple[Route, ...]:
    """Everything that can be asked."""
    return tuple(route for noun in NOUNS for route in noun.routes)
