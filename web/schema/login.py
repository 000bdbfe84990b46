"""Other ways to sign in: providers, second factors, API tokens. Times are Unix milliseconds."""

import msgspec


class SignInProvider(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody people may sign in with: go to ``start`` with a browser; ``?next=`` names the path to come back to."""

    name: str
    label: str
    start: str


class SignInProviders(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, in the operator's order."""

    providers: tuple[SignInProvider, ...]


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A login of the account at a provider; ``used_ms`` is when it was last used."""

    provider: str
    label: str
    email: str | None
    created_ms: int
    used_ms: int | None


class Logins(msgspec.Struct, frozen=True, kw_only=True):
    """The account's logins, oldest first."""

    logins: tuple[Login, ...]


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """A secret for an authenticator; ``uri`` and ``picture`` (an SVG QR code as a data address) say the same."""

    secret: str
    uri: str
    picture: str


class Code(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the authenticator shows now."""

    code: str


class SecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """Whether signing in asks for a code."""

    enabled: bool


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Each signs in once in place of a code. Told this once."""

    recovery_codes: tuple[str, ...]


class NewApiToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``days`` is how long it is good for; null is until it is revoked."""

    name: str
    scopes: tuple[str, ...]
    days: int | None = None


class ApiToken(msgspec.Struct, frozen=True, kw_only=True):
    """A personal API token; ``token`` is told once, in the answer that made it."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_ms: int
    expires_ms: int | None
    used_ms: int | None
    token: str | None = None
