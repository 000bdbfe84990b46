"""The folder of ``fanlight up``: who may enter it, its secret, its kept keys, and that only one instance uses it."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from storage.model.errors import BadInput, ErrorCode

SECRET_FILE = "secret"  # noqa: S105 - a file's name
OWNER_ONLY = 0o600


@contextlib.contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Make the folder if need be, close it to other users, and hold it against a second instance.

    Raises:
        BadInput: ``SETTINGS_INVALID``; it can't be made or written, or another instance uses it.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        descriptor = os.open(path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, OWNER_ONLY)
    except OSError as error:
        raise BadInput(
            ErrorCode.SETTINGS_INVALID,
            f"The data folder {path} can't be used ({error.strerror}): make it writable or set FANLIGHT_DATA to another one.",
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(
                ErrorCode.SETTINGS_INVALID,
                f"Another 'fanlight up' uses the data folder {path}: stop it first or set FANLIGHT_DATA to another folder.",
            ) from None
        yield
    finally:
        os.close(descriptor)


def read_private(path: Path) -> str:
    """The text of a file only we may read, without its last newline; empty when there is none."""
    try:
        return path.read_text().rstrip("\n")
    except FileNotFoundError:
        return ""


def write_private(path: Path, text: str) -> None:
    """Write a file only we may read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY), "w") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def kept_secret(path: Path) -> str:
    """The secret that signs what our processes tell each other: made at the first start, the same ever after."""
    file = path / SECRET_FILE
    secret = read_private(file)
    if not secret:
        secret = secrets.token_urlsafe(32)
        write_private(file, secret)
    return secret
