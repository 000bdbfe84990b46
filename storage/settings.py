"""Every setting, its default and its check. Read from the environment once, at start; unknown ``FANLIGHT_*`` names are refused."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from storage.model.errors import BadInput, ErrorCode
from storage.model.part_rule import honoured, neighbours


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field per environment variable: ``part_target`` is ``FANLIGHT_PART_TARGET``. Documented in ``docs/settings.md`` (tested)."""

    host: str = "127.0.0.1"
    port: int = 8000
    edge_port: int = 8001
    media_port: int = 8002
    relay_port: int = 0
    operations_port: int = 8003
    chat_port: int = 8006
    data: Path = field(default_factory=lambda: Path("data"))
    announced_ips: tuple[str, ...] = ()
    public_url: str = ""
    edge_url: str = ""
    chat_url: str = ""
    ice_servers: tuple[str, ...] = ()
    stun_urls: tuple[str, ...] = ()
    turn_urls: tuple[str, ...] = ()
    turn_secret: str = ""
    part_target: float = 0.42
    hold_back: float = 3.0
    segment_target: float = 2.0
    window: float = 60.0
    hold: float = 120.0
    max_sessions: int = 40
    edge_workers: int = 1
    chat_sockets: int = 20_000
    chat_sockets_per_address: int = 200
    chat_sockets_per_account: int = 50
    chat_strangers: bool = True
    tls_certificate: str = ""
    tls_key: str = ""
    secret: str = ""
    registration: str = "open"
    smtp_url: str = ""
    mail_from: str = ""
    oidc_providers: tuple[str, ...] = ()
    s3_endpoint: str = ""
    s3_bucket: str = ""
    s3_region: str = "us-east-1"
    s3_access_key: str = ""
    s3_secret_key: str = ""
    cors_origins: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    rate_limits: float = 1.0
    webhook_private: bool = False
    classifier_url: str = ""
    log_level: str = "info"
    log_format: str = "text"
    redis_url: str = ""
    database_url: str = ""

    @property
    def target_duration(self) -> int:
        """``EXT-X-TARGETDURATION`` in whole seconds: a segment may run half as long again as its target while it waits for a keyframe."""
        return max(1, -(-int(self.segment_target * 1500) // 1000))

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> "Settings":
        """Read and check. A variable that is set to nothing is not set.

        Raises:
            BadInput: ``SETTINGS_INVALID``, one sentence per problem, all problems at once.
        """
        plain = {"REDIS_URL": "redis_url", "DATABASE_URL": "database_url"}
        names = {f"FANLIGHT_{f.name.upper()}": f.name for f in fields(Settings) if f.name not in plain.values()} | plain
        problems = [f"{name} is not a setting." for name in environment if name.startswith("FANLIGHT_") and name not in names]
        values: dict[str, Any] = {}
        defaults = Settings()
        for variable, name in names.items():
            text = environment.get(variable)
            if not text:
                continue
            default = getattr(defaults, name)
            try:
                values[name] = _parse(text, default)
            except (ValueError, KeyError):
                problems.append(f"{variable} is not a {_KINDS[type(default)]}: {text[:40]!r}.")
        if problems:
            raise BadInput(ErrorCode.SETTINGS_INVALID, " ".join(problems))
        settings = Settings(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse values that can't work.

        Raises:
            BadInput: ``SETTINGS_INVALID``, one sentence per problem, all problems at once.
        """
        problems = [
            f"FANLIGHT_{name.upper()} must be a port from 0 to 65535."
            for name in ("port", "edge_port", "media_port", "relay_port", "operations_port", "chat_port")
            if not 0 <= getattr(self, name) <= 65535
        ]
        problems += self._problems_of_timing() + self._problems_of_places() + self._problems_of_secrets() + self._problems_of_people()
        if self.max_sessions < 1:
            problems.append("FANLIGHT_MAX_SESSIONS must be at least 1.")
        if not 1 <= self.edge_workers <= 64:
            problems.append("FANLIGHT_EDGE_WORKERS must be 1 to 64.")
        problems += [
            f"FANLIGHT_{name.upper()} must be at least 1."
            for name in ("chat_sockets", "chat_sockets_per_address", "chat_sockets_per_account")
            if getattr(self, name) < 1
        ]
        if not (isfinite(self.rate_limits) and 0 <= self.rate_limits <= 1000):
            problems.append("FANLIGHT_RATE_LIMITS must be 0 (none) to 1000 times the usual.")
        if self.log_format not in {"text", "json"}:
            problems.append("FANLIGHT_LOG_FORMAT is 'text' or 'json'.")
        if self.log_level not in LOG_LEVELS:
            problems.append(f"FANLIGHT_LOG_LEVEL is one of {', '.join(LOG_LEVELS)}.")
        if problems:
            raise BadInput(ErrorCode.SETTINGS_INVALID, " ".join(problems))

    def _problems_of_timing(self) -> list[str]:
        problems = []
        if not 0.1 <= self.part_target <= 2:
            problems.append("FANLIGHT_PART_TARGET must be 0.1 to 2 seconds.")
        elif not honoured(self.part_target):
            below, above = neighbours(self.part_target)
            problems.append(f"FANLIGHT_PART_TARGET: no whole number of audio frames fills a part that long; {below} or {above} would do.")
        if not 2 <= self.hold_back <= 10:
            problems.append("FANLIGHT_HOLD_BACK must be 2 to 10 parts.")
        if not max(1.0, 2 * self.part_target) <= self.segment_target <= 10:
            problems.append("FANLIGHT_SEGMENT_TARGET must be 1 to 10 seconds and at least two parts long.")
        elif not 6 * self.target_duration <= self.window <= 3600:
            problems.append(f"FANLIGHT_WINDOW must be {6 * self.target_duration} (six target durations) to 3600 seconds.")
        if not (isfinite(self.hold) and 0 <= self.hold <= 86_400):
            problems.append("FANLIGHT_HOLD must be 0 to 86400 seconds.")
        return problems

    def _problems_of_secrets(self) -> list[str]:
        problems = []
        if bool(self.tls_certificate) != bool(self.tls_key):
            problems.append("FANLIGHT_TLS_CERTIFICATE and FANLIGHT_TLS_KEY go together.")
        if self.secret and len(self.secret) < 16:
            problems.append("FANLIGHT_SECRET must be at least 16 characters.")
        if bool(self.turn_urls) != bool(self.turn_secret):
            problems.append("FANLIGHT_TURN_URLS and FANLIGHT_TURN_SECRET go together.")
        if self.turn_secret and len(self.turn_secret) < 16:
            problems.append("FANLIGHT_TURN_SECRET must be at least 16 characters.")
        if self.oidc_providers and not self.public_url:
            problems.append("FANLIGHT_OIDC_PROVIDERS needs FANLIGHT_PUBLIC_URL: providers send people back to exactly that address.")
        if self.relay_port and not self.secret:
            problems.append("FANLIGHT_RELAY_PORT needs FANLIGHT_SECRET, the same on every node.")
        if bool(self.s3_access_key) != bool(self.s3_secret_key):
            problems.append("FANLIGHT_S3_ACCESS_KEY and FANLIGHT_S3_SECRET_KEY go together.")
        return problems

    def _problems_of_people(self) -> list[str]:
        problems = []
        if self.registration not in REGISTRATIONS:
            problems.append(f"FANLIGHT_REGISTRATION is one of {', '.join(REGISTRATIONS)}.")
        if self.smtp_url and not _is_address(self.smtp_url, {"smtp", "smtps"}):
            problems.append("FANLIGHT_SMTP_URL must start with smtp:// or smtps:// and name a host.")
        if self.smtp_url and not (self.mail_from and self.public_url):
            problems.append("FANLIGHT_SMTP_URL needs FANLIGHT_MAIL_FROM, and FANLIGHT_PUBLIC_URL for the links in the mails.")
        if self.mail_from and not re.fullmatch(r"[^@\s]+@[^@\s]+|[^<>@\r\n]+ <[^@<>\s]+@[^@<>\s]+>", self.mail_from):
            problems.append("FANLIGHT_MAIL_FROM is an e-mail address, or a name and one: 'Fanlight <live@example.org>'.")
        return problems

    def _problems_of_places(self) -> list[str]:
        places = {
            "PUBLIC_URL": self.public_url,
            "EDGE_URL": self.edge_url,
            "CHAT_URL": self.chat_url,
            "S3_ENDPOINT": self.s3_endpoint,
            "CLASSIFIER_URL": self.classifier_url,
        }
        problems = [
            f"FANLIGHT_{name} must start with http:// or https:// and name a host."
            for name, url in places.items()
            if url and not _is_web(url)
        ]
        if self.chat_url and not self.public_url:
            problems.append("FANLIGHT_CHAT_URL needs FANLIGHT_PUBLIC_URL: sockets are opened by pages of exactly that address.")
        if self.s3_bucket and not self.s3_endpoint:
            problems.append("FANLIGHT_S3_BUCKET needs FANLIGHT_S3_ENDPOINT.")
        problems += [
            f"FANLIGHT_CORS_ORIGINS: {origin[:60]!r} is not an origin like https://example.org."
            for origin in self.cors_origins
            if not _is_origin(origin)
        ]
        for name, urls, form in (("STUN", self.stun_urls, _STUN), ("TURN", self.turn_urls, _TURN)):
            problems += [f"FANLIGHT_{name}_URLS: {url[:60]!r} is no address of such a server." for url in urls if not form.fullmatch(url)]
        for proxy in self.proxies:
            try:
                ipaddress.ip_network(proxy, strict=False)
            except ValueError:
                problems.append(f"FANLIGHT_PROXIES: {proxy[:60]!r} is neither an IP address nor a network like 10.0.0.0/8.")
        for address in self.announced_ips:
            try:
                ipaddress.ip_address(address)
            except (ValueError, KeyError):
                problems.append(f"FANLIGHT_ANNOUNCED_IPS: {address!r} is not an IP address.")
        return problems


REGISTRATIONS = ("open", "invite", "closed")
LOG_LEVELS = ("debug", "info", "warning", "error")

_PLACE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[1-9][0-9]{0,4})?"
_STUN = re.compile(rf"stuns?:{_PLACE}")  # RFC 7064
_TURN = re.compile(rf"turns?:{_PLACE}(?:\?transport=(?:udp|tcp))?")  # RFC 7065

_KINDS = {bool: "choice between 'true' and 'false'", int: "whole number", float: "number", str: "text", tuple: "list", type(Path()): "path"}


def _parse(text: str, default: object) -> object:
    if isinstance(default, bool):
        return {"true": True, "false": False}[text.lower()]
    if isinstance(default, int):
        return int(text)
    if isinstance(default, float):
        return float(text)
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(default, Path):
        return Path(text)
    return text


def _is_web(url: str) -> bool:
    return _is_address(url, {"http", "https"})


def _is_address(url: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _is_origin(text: str) -> bool:
    parts = urlsplit(text) if _is_web(text) else None
    return parts is not None and text == f"{parts.scheme}://{parts.netloc}" and "@" not in text and text == text.lower()
