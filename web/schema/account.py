"""Accounts. Times are Unix milliseconds."""

import msgspec

from storage.model.account import AccountRole, AccountState


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, as they and the operators see them."""

    name: str
    display_name: str
    colour: str
    avatar: str | None
    role: AccountRole
    state: AccountState
    email: str | None
    email_verified: bool
    created_ms: int
    version: int


class NewAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Signing up. ``invite`` is the token of an invitation, or of the link that sets an instance up."""

    name: str
    password: str
    display_name: str = ""
    email: str | None = None
    invite: str | None = None


class OwnAccountChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not sent stays as it is. ``email`` null removes the address; another one is not proven."""

    display_name: str | msgspec.UnsetType = msgspec.UNSET
    colour: str | msgspec.UnsetType = msgspec.UNSET
    email: str | msgspec.UnsetType | None = msgspec.UNSET


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The password there is, and the one to come."""

    current: str
    new: str


class PasswordProof(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account's password once more, before what must not happen from a forgotten open tab."""

    password: str


class ResetRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The proven address of an account whose password was forgotten."""

    email: str


class Reset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The token of a link to choose a password, and the password."""

    token: str
    password: str


class Verification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The token of a link that proves an e-mail address."""

    token: str


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, as everybody sees them. ``avatar`` is a path on this server."""

    name: str
    display_name: str
    colour: str
    avatar: str | None
    created_ms: int


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation, shown this once. ``link`` is where to sign up with it."""

    token: str
    link: str
    expires_ms: int


class NewInvite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing needs to be said about an invitation."""


class AccountExport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything kept about an account, by table; secrets and their digests are left out. ``cut`` names tables with more rows than told."""

    exported_ms: int
    records: dict[str, list[dict[str, str | int | bool | None]]]
    cut: list[str]
