"""The OpenID Connect providers of this instance, from ``FANLIGHT_OIDC_PROVIDERS``. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from storage.model.errors import BadInput, ErrorCode

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Provider:
    """Somebody who vouches for people. ``name`` stands in our addresses, ``label`` on the button, ``issuer`` in its tokens."""

    name: str
    label: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


def parse_providers(lines: Sequence[str]) -> dict[str, Provider]:
    """Providers by name, each written ``name|label|issuer|client id|client secret``.

    Raises:
        BadInput: ``SETTINGS_INVALID``; never with the secret in it.
    """
    found: dict[str, Provider] = {}
    for number, line in enumerate(lines, 1):
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 5 or not all(parts):
            raise _bad(f"entry {number} is not 'name|label|issuer|client id|client secret'")
        provider = Provider(*parts)
        if not _NAME.fullmatch(provider.name) or provider.name in found:
            raise _bad(f"the name of entry {number} is no word of a-z, 0-9 and '-', or was used before")
        if not _is_issuer(provider.issuer):
            raise _bad(f"the issuer of {provider.name} must be an https address without a query")
        found[provider.name] = provider
    return found


def _is_issuer(text: str) -> bool:
    # OpenID Connect Discovery 1.0 section 3. Plain http is for a provider on this machine.
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return (parts.scheme == "https" or local) and bool(parts.hostname) and not parts.query and not parts.fragment


def _bad(what: str) -> BadInput:
    return BadInput(ErrorCode.SETTINGS_INVALID, f"FANLIGHT_OIDC_PROVIDERS: {what}.")
