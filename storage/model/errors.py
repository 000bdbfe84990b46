"""The tree of errors a caller can act on, each with a stable code.

FanlightError
├── BadInput            the request is wrong and will stay wrong
├── Refused             the actor may not do this
├── NotFound            no such thing, or not yours
├── Conflict            the thing is in another state than the request assumes
└── Unavailable         a dependency did not answer in time; trying again later may work

Stopping on purpose is not an error: lives end by returning a reason (see :mod:`storage.model.broadcast`).
"""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable, program-readable identifiers. Once released, a code keeps its meaning; each has an HTTP status in ``web.errors``."""

    BAD_REQUEST = "bad_request"
    BAD_SDP = "bad_sdp"
    UNSUPPORTED_CODEC = "unsupported_codec"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    BODY_TOO_LARGE = "body_too_large"
    KEY_MISSING = "key_missing"
    KEY_REFUSED = "key_refused"
    SIGN_IN_REQUIRED = "sign_in_required"
    SIGN_IN_REFUSED = "sign_in_refused"
    SECOND_FACTOR_REQUIRED = "second_factor_required"
    ACCOUNT_BANNED = "account_banned"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code, not a secret
    SCOPE_REQUIRED = "scope_required"
    CROSS_SITE_REFUSED = "cross_site_refused"
    ACCOUNT_NAME_INVALID = "account_name_invalid"
    ACCOUNT_EXISTS = "account_exists"
    ACCOUNT_NOT_FOUND = "account_not_found"
    EMAIL_TAKEN = "email_taken"
    INVITE_REQUIRED = "invite_required"
    LINK_REFUSED = "link_refused"
    MAIL_UNSET = "mail_unset"
    REGISTRATION_CLOSED = "registration_closed"
    LAST_OPERATOR = "last_operator"
    PASSWORD_UNFIT = "password_unfit"  # noqa: S105 - the name of an error
    PASSWORD_WRONG = "password_wrong"  # noqa: S105 - the name of an error
    PICTURE_UNFIT = "picture_unfit"
    SERVER_BUSY = "server_busy"
    EXTERNAL_SIGN_IN_FAILED = "external_sign_in_failed"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    IDENTITY_TAKEN = "identity_taken"
    SECOND_FACTOR_SET = "second_factor_set"
    CODE_REFUSED = "code_refused"
    LAST_LOGIN = "last_login"
    CHANNEL_NAME_INVALID = "channel_name_invalid"
    CHANNEL_NOT_FOUND = "channel_not_found"
    CHANNEL_EXISTS = "channel_exists"
    CHANNEL_ON_AIR = "channel_on_air"
    CHANNEL_PASSWORD_REQUIRED = "channel_password_required"  # noqa: S105 - the name of an error
    PLAYBACK_TOKEN_REQUIRED = "playback_token_required"  # noqa: S105 - the name of an error
    LIMIT_REACHED = "limit_reached"
    SESSION_NOT_FOUND = "session_not_found"
    NOT_ALLOWED = "not_allowed"
    CURSOR_INVALID = "cursor_invalid"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress"
    PUBLISHING_STOPPED = "publishing_stopped"
    WEBHOOK_NOT_FOUND = "webhook_not_found"
    WEBHOOK_URL_INVALID = "webhook_url_invalid"
    WEBHOOK_LIMIT = "webhook_limit"
    PRECONDITION_REQUIRED = "precondition_required"
    PRECONDITION_FAILED = "precondition_failed"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_FOUND = "not_found"
    TOO_MANY_REQUESTS = "too_many_requests"
    NO_INGEST_NODE = "no_ingest_node"
    INGEST_FULL = "ingest_full"
    MEDIA_LATE = "media_late"
    EDGE_FULL = "edge_full"
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable"
    STORE_UNAVAILABLE = "store_unavailable"
    STORE_CONFLICT = "store_conflict"
    BUS_UNAVAILABLE = "bus_unavailable"
    DATABASE_UNAVAILABLE = "database_unavailable"
    SETTINGS_INVALID = "settings_invalid"
    PORT_TAKEN = "port_taken"
    FRAME_INVALID = "frame_invalid"
    NOT_JOINED = "not_joined"
    MESSAGE_EMPTY = "message_empty"
    MESSAGE_TOO_LONG = "message_too_long"
    MESSAGE_NOT_FOUND = "message_not_found"
    CHAT_BANNED = "chat_banned"
    CHAT_MUTED = "chat_muted"
    WARNING_PENDING = "warning_pending"
    SLOW_MODE = "slow_mode"
    FOLLOWERS_ONLY = "followers_only"
    VERIFIED_ONLY = "verified_only"
    EMOTE_ONLY = "emote_only"
    NOT_UNIQUE = "not_unique"
    MEMBERS_ONLY = "members_only"
    READ_ONLY = "read_only"
    ACCOUNT_TOO_NEW = "account_too_new"
    LINKS_REFUSED = "links_refused"
    MESSAGE_BLOCKED = "message_blocked"
    COMMAND_UNKNOWN = "command_unknown"
    POLL_CLOSED = "poll_closed"
    TERM_INVALID = "term_invalid"
    REACTION_INVALID = "reaction_invalid"
    EMOTE_EXISTS = "emote_exists"
    APPEAL_OPEN = "appeal_open"
    ALREADY_DECIDED = "already_decided"
    NOT_UNDOABLE = "not_undoable"
    CALL_UNKNOWN = "call_unknown"
    CALL_FULL = "call_full"
    CALL_LOCKED = "call_locked"
    CALL_REMOVED = "call_removed"
    CALL_DENIED = "call_denied"
    CALL_ENDED = "call_ended"
    SEAT_UNKNOWN = "seat_unknown"
    SEAT_TAKEN = "seat_taken"
    SEAT_AWAY = "seat_away"
    NAME_INVALID = "name_invalid"
    INTERNAL = "internal"


class FanlightError(Exception):
    """Base of everything we raise on purpose. ``detail`` is a sentence for a person; it never holds a secret."""

    def __init__(self, code: ErrorCode, detail: str, **data: str | float) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.data = data

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class BadInput(FanlightError):
    """The request is wrong and will stay wrong."""


class Refused(FanlightError):
    """The actor may not do this."""


class NotFound(FanlightError):
    """No such thing, or not the actor's."""


class Conflict(FanlightError):
    """The thing is in another state than the request assumes."""


class Unavailable(FanlightError):
    """A dependency did not answer in time. ``retry_after`` is in seconds."""

    def __init__(self, code: ErrorCode, detail: str, *, retry_after: float = 1.0, **data: str | float) -> None:
        super().__init__(code, detail, **data)
        self.retry_after = retry_after
