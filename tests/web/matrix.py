"""Who may do what: for each route and each kind of person the expected outcome. A route that is not here fails the tests.

``+`` is let through to the act itself (which may still refuse its details), a number is the refusal. The people, in this order:
a stranger, another account, a viewer by role, a moderator, the owner, an operator, and a token without any scope, of the owner (of
an operator where only operators may). Routes of channels have a second line: the same for a channel that only named accounts see.
"""

from dataclasses import dataclass, field
from typing import Any

PEOPLE = ("stranger", "other", "viewer", "moderator", "owner", "operator", "unscoped")

EVERYBODY = "+ + + + + + +"
ACCOUNTS = "401 + + + + + 403"
OPERATORS = "401 403 403 403 403 + 403"
ITS_ACCOUNT = "401 404 404 404 + 404 403"

SEES = (EVERYBODY, "404 404 + + + + 404")
OWNER = ("401 403 403 403 + 403 403", "401 404 403 403 + 403 403")
TEAM = ("401 403 403 + + + 403", "401 404 403 + + + 403")

SEEING_ACCOUNTS = (ACCOUNTS, "401 404 + + + + 403")

IN_CALL = "401 404 + + + 404 403"
CALL_DIRECTORS = "401 404 403 + + 404 403"
CALL_HOST = "401 404 403 403 + 404 403"
"""In the call of the tests the owner is the host, the moderator a co-host, and the viewer was there."""

STATISTICS = ("401 403 403 + + 403 403", "401 404 403 + + 403 403")


@dataclass(frozen=True)
class Ask:
    """How a route is asked so that nothing but who asks can be wrong; ``says`` is a refusal that is the act's own all the same."""

    outcome: str | tuple[str, str]
    json: dict[str, Any] | None = None
    data: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""
    says: str = ""


V1 = {"If-Match": '"v1"'}
PNG = {"Content-Type": "image/png"}

MATRIX: dict[str, Ask] = {
    "live_broadcasts": Ask(EVERYBODY),
    "live_broadcasts_events": Ask(EVERYBODY),
    "live_channel": Ask(SEES),
    "live_channel_events": Ask(SEES),
    "channels_find": Ask(EVERYBODY),
    "channels_create": Ask(ACCOUNTS, json={"name": "new-one"}),
    "channels_mine": Ask(ACCOUNTS),
    "channels_edit": Ask(OWNER, json={"title": "New"}, headers=V1),
    "channels_delete": Ask(OWNER, headers=V1),
    "channel_pictures_put": Ask(OWNER, data=b"", headers=PNG),
    "channel_pictures_delete": Ask(OWNER),
    "keys_keys": Ask(OWNER),
    "keys_create": Ask(OWNER, json={}),
    "keys_revoke": Ask(OWNER),
    "roles_roles": Ask(TEAM),
    "roles_give": Ask(OWNER, json={"role": "vip"}),
    "roles_take": Ask(OWNER),
    "roles_bans": Ask(TEAM),
    "roles_ban": Ask(TEAM, json={}),
    "roles_lift": Ask(TEAM, says="not_found"),
    "messages_find": Ask(SEES),
    "messages_replay": Ask(SEES, says="not_found"),
    "chat_commands_commands": Ask(SEES),
    "emotes_emotes": Ask(SEES),
    "emotes_add": Ask(OWNER, data=b"", headers=PNG),
    "emotes_remove": Ask(OWNER, says="not_found"),
    "previews_preview": Ask(SEES, query="url=https://127.0.0.1/", says="not_allowed"),
    "chat_announcements_announce": Ask(TEAM, json={"text": "Hello."}),
    "polls_poll": Ask(SEES, says="not_found"),
    "polls_open": Ask(TEAM, json={"question": "Which?", "options": ["this", "that"]}),
    "polls_close": Ask(TEAM),
    "polls_dismiss": Ask(TEAM),
    "chat_pins_pin": Ask(TEAM, says="message_not_found"),
    "chat_pins_unpin": Ask(TEAM),
    "chat_settings_read": Ask(TEAM),
    "chat_settings_change": Ask(TEAM, json={"previews": True}, headers=V1),
    "chat_settings_raise_shield": Ask(TEAM, json={}),
    "chat_settings_lower_shield": Ask(TEAM),
    "chat_deletions_delete": Ask(TEAM, says="message_not_found"),
    "chat_deletions_purge": Ask(TEAM, query="author={account}"),
    "chat_deletions_clear": Ask(TEAM, json={}),
    "chat_restrictions_mutes": Ask(TEAM),
    "chat_restrictions_mute": Ask(TEAM, json={}),
    "chat_restrictions_unmute": Ask(TEAM, says="not_found"),
    "chat_restrictions_warn": Ask(TEAM, json={"reason": "Mind the rules."}),
    "chat_restrictions_unwarn": Ask(TEAM, says="not_found"),
    "chat_restrictions_acknowledge": Ask(SEEING_ACCOUNTS, says="not_found"),
    "chat_restrictions_suspicions": Ask(TEAM),
    "chat_restrictions_suspect": Ask(TEAM, json={}),
    "chat_restrictions_unsuspect": Ask(TEAM),
    "chat_queue_queue": Ask(TEAM),
    "chat_queue_decide": Ask(TEAM, json={"let_through": True}, says="message_not_found"),
    "chat_terms_terms": Ask(TEAM),
    "chat_terms_add": Ask(TEAM, json={"text": "darn"}),
    "chat_terms_remove": Ask(TEAM, says="not_found"),
    "chat_terms_try_term": Ask(TEAM, json={"text": "darn"}),
    "chat_terms_try_settings": Ask(TEAM, json={}),
    "chat_people_chatters": Ask(TEAM),
    "chat_people_card": Ask(TEAM),
    "chat_people_messages": Ask(TEAM),
    "chat_people_notes": Ask(TEAM),
    "chat_people_add_note": Ask(TEAM, json={"text": "Friendly."}),
    "chat_people_remove_note": Ask(TEAM, says="not_found"),
    "chat_log_log": Ask(TEAM),
    "chat_log_undo": Ask(TEAM, says="not_found"),
    "chat_appeals_own": Ask(SEEING_ACCOUNTS, says="not_found"),
    "chat_appeals_appeal": Ask(SEEING_ACCOUNTS, json={"text": "Please."}, says="not_found"),
    "chat_appeals_appeals": Ask(TEAM),
    "chat_appeals_answer": Ask(TEAM, json={"granted": True}, says="not_found"),
    "follows_follows": Ask(ACCOUNTS),
    "follows_follow": Ask((ACCOUNTS, "401 404 + + + + 403"), json={}),
    "follows_unfollow": Ask(ACCOUNTS),
    "follows_blocks": Ask(ACCOUNTS),
    "follows_block": Ask(ACCOUNTS),
    "follows_unblock": Ask(ACCOUNTS),
    "follows_notifications": Ask(ACCOUNTS),
    "follows_read": Ask(ACCOUNTS),
    "playback_publish_token": Ask(OWNER, json={}),
    "playback_playback_token": Ask(SEES, json={}),
    "playback_broadcasts": Ask(SEES),
    "second_factor_state": Ask(ACCOUNTS),
    "second_factor_begin": Ask(ACCOUNTS, json={"password": "x"}),
    "second_factor_confirm": Ask(ACCOUNTS, json={"code": "000000"}),
    "second_factor_remove": Ask(ACCOUNTS, json={"password": "x"}),
    "logins_providers": Ask(EVERYBODY),
    "logins_list": Ask(ACCOUNTS),
    "logins_remove": Ask("401 404 404 404 404 404 403"),
    "api_tokens_list": Ask(ACCOUNTS),
    "api_tokens_create": Ask(ACCOUNTS, json={"name": "bot", "scopes": ["chat"]}),
    "api_tokens_revoke": Ask(ITS_ACCOUNT),
    "sessions_create": Ask(EVERYBODY, json={"name": "", "password": ""}),
    "sessions_refresh": Ask(EVERYBODY, json={"refresh": "nonsense"}, says="token_refused"),
    "sessions_current": Ask(EVERYBODY),
    "sessions_sign_out": Ask("401 + + + + + 404"),
    "sessions_list": Ask(ACCOUNTS),
    "sessions_end": Ask(ITS_ACCOUNT),
    "accounts_create": Ask(EVERYBODY, json={"name": "new", "password": "x"}),
    "accounts_read": Ask(EVERYBODY),
    "accounts_forgotten": Ask(EVERYBODY, json={"email": "nobody@example.org"}),
    "accounts_reset": Ask(EVERYBODY, json={"token": "nonsense", "password": "x"}),
    "accounts_verify": Ask(EVERYBODY, json={"token": "nonsense"}),
    "accounts_invite": Ask(OPERATORS, json={}),
    "account_read": Ask(ACCOUNTS),
    "account_change": Ask(ACCOUNTS, json={"display_name": "New"}, headers=V1),
    "account_change_password": Ask(ACCOUNTS, json={"current": "x", "new": "y"}),
    "account_ask_verification": Ask(ACCOUNTS),
    "account_export": Ask(ACCOUNTS),
    "account_delete": Ask(ACCOUNTS, json={"password": "x"}),
    "account_set_avatar": Ask(ACCOUNTS, data=b"", headers=PNG),
    "account_remove_avatar": Ask(ACCOUNTS),
    "calls_history": Ask(ACCOUNTS),
    "calls_create": Ask(ACCOUNTS, json={"title": "Tea"}),
    "calls_read": Ask(IN_CALL),
    "calls_change": Ask(CALL_HOST, json={"title": "Tea"}, headers=V1),
    "calls_delete": Ask(CALL_HOST),
    "calls_stays": Ask(IN_CALL),
    "calls_forget": Ask(IN_CALL),
    "calls_invites": Ask(CALL_DIRECTORS),
    "calls_invite": Ask(CALL_DIRECTORS, json={}),
    "calls_revoke": Ask(CALL_DIRECTORS),
    "calls_look": Ask(EVERYBODY, json={"invite": "{secret}"}),
    "webhooks_list": Ask(ACCOUNTS),
    "webhooks_create": Ask(OWNER, json={"url": "https://example.org/", "events": ["broadcast.started"], "channel": "{channel}"}),
    "webhooks_one": Ask(ITS_ACCOUNT),
    "webhooks_change": Ask(ITS_ACCOUNT, json={"enabled": False}, headers=V1),
    "webhooks_delete": Ask(ITS_ACCOUNT),
    "webhooks_deliveries": Ask(ITS_ACCOUNT),
    "webhooks_replay": Ask(ITS_ACCOUNT),
    "admin_accounts": Ask(OPERATORS),
    "admin_govern": Ask(OPERATORS, json={}, headers=V1),
    "admin_broadcasts": Ask(OPERATORS),
    "admin_stop": Ask(OPERATORS, query="seconds=0"),
    "admin_settings": Ask(OPERATORS),
    "admin_audit": Ask(OPERATORS),
    "publishing_statistics": Ask(STATISTICS),
    "publishing_current": Ask(STATISTICS),
    "sockets_create": Ask("+ + + + + + 403"),
    "latency_report": Ask(EVERYBODY, json={"player": "somebody", "latency_ms": 1}),
    "time_read": Ask(EVERYBODY),
}

ACTS_SAY = {"password_wrong", "link_refused", "sign_in_refused", "session_not_found", "registration_closed", "invite_required"}
"""Codes an act itself refuses with: whoever is told one of these was let through to it."""

ANY_SCOPE = {"sessions_sign_out", "account_change_password", "account_delete", "roles_roles"}
"""Routes for accounts that ask no one scope of an API token: no token may do these at all, or any of several scopes will do."""
