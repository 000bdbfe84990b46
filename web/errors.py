"""From an error to an answer: one table of HTTP statuses, one body shape (RFC 9457, ``application/problem+json``)."""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from types import MappingProxyType

import msgspec

from storage.model.errors import ErrorCode, FanlightError, Unavailable

STATUS: Mapping[ErrorCode, int] = MappingProxyType(
    {
        ErrorCode.BAD_REQUEST: 400,
        ErrorCode.BAD_SDP: 400,
        # RFC 9725 section 4.4: an offer that is well formed but can't be served as a whole.
        ErrorCode.UNSUPPORTED_CODEC: 422,
        ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
        ErrorCode.BODY_TOO_LARGE: 413,
        ErrorCode.KEY_MISSING: 401,
        ErrorCode.KEY_REFUSED: 401,
        ErrorCode.SIGN_IN_REQUIRED: 401,
        ErrorCode.SIGN_IN_REFUSED: 401,
        ErrorCode.SECOND_FACTOR_REQUIRED: 401,
        ErrorCode.ACCOUNT_BANNED: 403,
        ErrorCode.TOKEN_REFUSED: 401,
        ErrorCode.SCOPE_REQUIRED: 403,
        ErrorCode.CROSS_SITE_REFUSED: 403,
        ErrorCode.ACCOUNT_NAME_INVALID: 400,
        ErrorCode.ACCOUNT_EXISTS: 409,
        ErrorCode.ACCOUNT_NOT_FOUND: 404,
        ErrorCode.EMAIL_TAKEN: 409,
        ErrorCode.INVITE_REQUIRED: 403,
        ErrorCode.LINK_REFUSED: 403,
        ErrorCode.MAIL_UNSET: 409,
        ErrorCode.REGISTRATION_CLOSED: 403,
        ErrorCode.LAST_OPERATOR: 409,
        ErrorCode.PASSWORD_UNFIT: 422,
        ErrorCode.PASSWORD_WRONG: 403,
        ErrorCode.PICTURE_UNFIT: 422,
        ErrorCode.SERVER_BUSY: 503,
        ErrorCode.EXTERNAL_SIGN_IN_FAILED: 400,
        ErrorCode.PROVIDER_UNAVAILABLE: 503,
        ErrorCode.IDENTITY_TAKEN: 409,
        ErrorCode.LAST_LOGIN: 409,
        ErrorCode.SECOND_FACTOR_SET: 409,
        ErrorCode.CODE_REFUSED: 400,
        ErrorCode.CHANNEL_NAME_INVALID: 400,
        ErrorCode.CHANNEL_NOT_FOUND: 404,
        ErrorCode.CHANNEL_EXISTS: 409,
        ErrorCode.CHANNEL_ON_AIR: 409,
        ErrorCode.CHANNEL_PASSWORD_REQUIRED: 403,
        ErrorCode.PLAYBACK_TOKEN_REQUIRED: 401,
        ErrorCode.LIMIT_REACHED: 409,
        ErrorCode.SESSION_NOT_FOUND: 404,
        ErrorCode.NOT_ALLOWED: 403,
        ErrorCode.CURSOR_INVALID: 400,
        ErrorCode.IDEMPOTENCY_KEY_REUSED: 422,
        ErrorCode.IDEMPOTENCY_IN_PROGRESS: 409,
        ErrorCode.PUBLISHING_STOPPED: 403,
        ErrorCode.WEBHOOK_NOT_FOUND: 404,
        ErrorCode.WEBHOOK_URL_INVALID: 422,
        ErrorCode.WEBHOOK_LIMIT: 409,
        ErrorCode.PRECONDITION_REQUIRED: 428,
        ErrorCode.PRECONDITION_FAILED: 412,
        ErrorCode.METHOD_NOT_ALLOWED: 405,
        ErrorCode.NOT_FOUND: 404,
        ErrorCode.TOO_MANY_REQUESTS: 429,
        ErrorCode.NO_INGEST_NODE: 503,
        ErrorCode.INGEST_FULL: 503,
        # rfc8216bis section 6.2.5.2: a blocking reload that waited three target durations.
        ErrorCode.MEDIA_LATE: 503,
        ErrorCode.EDGE_FULL: 503,
        ErrorCode.RANGE_NOT_SATISFIABLE: 416,
        ErrorCode.STORE_UNAVAILABLE: 503,
        ErrorCode.STORE_CONFLICT: 409,
        ErrorCode.BUS_UNAVAILABLE: 503,
        ErrorCode.DATABASE_UNAVAILABLE: 503,
        ErrorCode.SETTINGS_INVALID: 500,
        ErrorCode.PORT_TAKEN: 500,
        ErrorCode.FRAME_INVALID: 400,
        ErrorCode.NOT_JOINED: 409,
        ErrorCode.MESSAGE_EMPTY: 400,
        ErrorCode.MESSAGE_TOO_LONG: 422,
        ErrorCode.MESSAGE_NOT_FOUND: 404,
        ErrorCode.CHAT_BANNED: 403,
        ErrorCode.CHAT_MUTED: 403,
        ErrorCode.WARNING_PENDING: 409,
        ErrorCode.SLOW_MODE: 429,
        ErrorCode.FOLLOWERS_ONLY: 403,
        ErrorCode.VERIFIED_ONLY: 403,
        ErrorCode.EMOTE_ONLY: 403,
        ErrorCode.NOT_UNIQUE: 409,
        ErrorCode.MEMBERS_ONLY: 403,
        ErrorCode.READ_ONLY: 403,
        ErrorCode.ACCOUNT_TOO_NEW: 403,
        ErrorCode.LINKS_REFUSED: 403,
        ErrorCode.MESSAGE_BLOCKED: 403,
        ErrorCode.COMMAND_UNKNOWN: 400,
        ErrorCode.POLL_CLOSED: 409,
        ErrorCode.TERM_INVALID: 422,
        ErrorCode.REACTION_INVALID: 400,
        ErrorCode.EMOTE_EXISTS: 409,
        ErrorCode.APPEAL_OPEN: 409,
        ErrorCode.ALREADY_DECIDED: 409,
        ErrorCode.NOT_UNDOABLE: 409,
        ErrorCode.CALL_UNKNOWN: 404,
        ErrorCode.CALL_FULL: 409,
        ErrorCode.CALL_LOCKED: 403,
        ErrorCode.CALL_REMOVED: 403,
        ErrorCode.CALL_DENIED: 403,
        ErrorCode.CALL_ENDED: 409,
        ErrorCode.SEAT_UNKNOWN: 404,
        ErrorCode.SEAT_TAKEN: 409,
        ErrorCode.SEAT_AWAY: 409,
        ErrorCode.NAME_INVALID: 400,
        ErrorCode.INTERNAL: 500,
    }
)
"""The HTTP status of every code; the tests check that none is missing and that ``docs/errors.md`` explains each."""

PROBLEM_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every refusal. ``code`` is stable and for programs, ``detail`` is a sentence for a person."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    data: dict[str, str | int | float] = {}


def answer(error: FanlightError) -> tuple[bytes, int, dict[str, str]]:
    """Body, status and headers that tell a client of ``error``."""
    status = STATUS.get(error.code, 500)
    problem = Problem(
        type=f"urn:fanlight:error:{error.code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=str(error.code),
        detail=error.detail,
        data=dict(error.data),
    )
    headers = {"Content-Type": PROBLEM_TYPE, "Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        # RFC 9110 section 15.5.2: a 401 names the scheme that would be accepted.
        headers["WWW-Authenticate"] = 'Bearer realm="fanlight"'
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(max(1, ceil(error.retry_after)))
    return msgspec.json.encode(problem), status, headers
