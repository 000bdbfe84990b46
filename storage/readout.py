"""The settings as an operator may read them."""

from dataclasses import fields

from storage.settings import Settings

_PLAIN = {
    *("host", "announced_ips", "public_url", "edge_url", "tls_certificate", "tls_key", "registration", "mail_from", "s3_endpoint"),
    *("s3_bucket", "s3_region", "cors_origins", "log_level", "log_format"),
}
"""Texts without a secret in them. The others are not shown: a new setting is a secret until somebody says otherwise."""


def readout(settings: Settings) -> list[tuple[str, str, bool, bool]]:
    """For people: each setting's variable, its value, whether it is not the default, and whether it may be a secret, shown as ``***``."""
    plain = {"redis_url": "REDIS_URL", "database_url": "DATABASE_URL"}
    defaults = Settings()
    shown = []
    for known in fields(Settings):
        value = getattr(settings, known.name)
        secret = isinstance(value, str | tuple) and known.name not in _PLAIN
        text = ", ".join(value) if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else str(value)
        name = plain.get(known.name, f"FANLIGHT_{known.name.upper()}")
        shown.append((name, "***" if secret and text else text, value != getattr(defaults, known.name), secret))
    return shown
