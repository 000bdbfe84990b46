"""The cookie of a browser's session, and the proof that a request with it comes from our own pages."""

import base64
import hmac
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from storage.model.errors import ErrorCode, Refused
from storage.model.ids import RecordId
from storage.model.session import ABSOLUTE
from storage.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRF-Token"

_COOKIE = re.compile(r"([0-9a-hjkmnp-tv-z]{26})\.([A-Za-z0-9_-]{43})")
_LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}
_CSRF = b"fanlight-csrf"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a session's cookie says: which session, and the secret that proves it."""

    session: RecordId
    secret: str


class Cookies:
    """How the session travels: ``__Host-fanlight`` with ``Secure``, but ``fanlight`` without on plain HTTP elsewhere than localhost."""

    def __init__(self, settings: Settings) -> None:
        self._secure = bool(settings.tls_certificate) or settings.public_url.startswith("https://")
        self._origin = _origin(settings.public_url)

    def name(self, host: str) -> str:
        """The cookie's name for a request to ``host`` (its ``Host`` header)."""
        return "__Host-fanlight" if self._is_secure(host) else "fanlight"

    def issue(self, host: str, credential: Credential) -> str:
        """The ``Set-Cookie`` value that begins a session."""
        return self._header(host, f"{credential.session}.{credential.secret}", int(ABSOLUTE.total_seconds()))

    def clear(self, host: str) -> str:
        """The ``Set-Cookie`` value that ends a session."""
        return self._header(host, "", 0)

    def _header(self, host: str, value: str, seconds: int) -> str:
        secure = "; Secure" if self._is_secure(host) else ""
        return f"{self.name(host)}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"

    def _is_secure(self, host: str) -> bool:
        # Browsers keep a Secure cookie of plain http://localhost: RFC 6265bis section 5.8.3, "potentially trustworthy".
        return self._secure or re.sub(r":\d+$", "", host) in _LOCAL_NAMES

    def check_same_site(self, host: str, *, fetch_site: str | None, origin: str | None) -> None:
        """Refuse what a browser says comes from another site. A program that is no browser says nothing, and has no cookie to steal.

        Raises:
            Refused: ``CROSS_SITE_REFUSED``.
        """
        if fetch_site is not None:
            allowed = fetch_site == "same-origin"
        elif origin is not None:
            allowed = bool(host and origin) and origin in {f"http://{host}", f"https://{host}", self._origin}
        else:
            allowed = True
        if not allowed:
            raise Refused(ErrorCode.CROSS_SITE_REFUSED, "The request comes from another site.")


def credential(value: str | None) -> Credential | None:
    """What a cookie says, or None if it says nothing we would have written."""
    match = _COOKIE.fullmatch(value or "")
    return Credential(RecordId(match[1]), match[2]) if match else None


def csrf_token(secret: str) -> str:
    """What a page shows with each request that changes something; made of the cookie's secret, which no page can read."""
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), _CSRF, "sha256")).decode().rstrip("=")


def check_csrf(secret: str, shown: str | None) -> None:
    """Compare a request's ``X-CSRF-Token``. Raises ``Refused(CROSS_SITE_REFUSED)``."""
    if not hmac.compare_digest(csrf_token(secret).encode(), (shown or "").encode("utf-8", "replace")):
        raise Refused(ErrorCode.CROSS_SITE_REFUSED, f"The session's {CSRF_HEADER} is missing or wrong.")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
