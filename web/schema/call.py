"""Calls. Times are Unix milliseconds."""

import msgspec
from msgspec import UNSET, UnsetType

from storage.model.call import CallRole, HowEnded, HowLeft, RelayRule


class CallHost(msgspec.Struct, frozen=True, kw_only=True):
    """Whose call it is: the account's name, and the one it shows."""

    name: str
    shown: str


class NewCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call to make. With a ``lobby`` people knock; ``relay_only`` says whose address is hidden from the others."""

    title: str = ""
    lobby: bool = True
    relay_only: RelayRule = RelayRule.GUESTS


class CallChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not sent stays as it is. ``relay_only`` holds for those who enter from now on."""

    title: str | UnsetType = UNSET
    lobby: bool | UnsetType = UNSET
    relay_only: RelayRule | UnsetType = UNSET
    locked: bool | UnsetType = UNSET


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call, as its people see it. Its ``name`` is its address, ``/calls/<name>``; ``role`` is what you are in it."""

    name: str
    title: str
    host: CallHost
    role: CallRole
    lobby: bool
    relay_only: RelayRule
    locked: bool
    created_ms: int
    version: int


class CallStay(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's time in a call. ``account`` is null for a guest; ``left_ms`` and ``how_left`` while they are there."""

    seat: str
    account: str | None
    shown: str
    role: CallRole
    entered_ms: int
    left_ms: int | None
    how_left: HowLeft | None
    quality: dict[str, float]


class CallVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A call in your history.

    ``how_ended`` is null while it goes on, or before anybody entered. ``stays`` are the newest you may know of, oldest first: all
    where you host, else those at the time of your own. ``seconds`` is how long you were there in these, ``quality`` what your
    browser told at the end of the last.
    """

    call: Call
    started_ms: int | None
    ended_ms: int | None
    how_ended: HowEnded | None
    seconds: int
    quality: dict[str, float]
    stays: tuple[CallStay, ...]


class NewCallInvite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invite to make, good for a day unless ``minutes`` (1 to 43200) says otherwise. ``guests`` need no account."""

    minutes: int | None = None
    single_use: bool = False
    guests: bool = True


class CallInvite(msgspec.Struct, frozen=True, kw_only=True):
    """Lets its holder enter a call. ``secret`` and ``url``, which ends in it, are shown once, when it is made."""

    id: str
    guests: bool
    single_use: bool
    made_ms: int
    expires_ms: int
    secret: str | None = None
    url: str | None = None


class CallLook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The secret of an invite; empty for host and co-hosts."""

    invite: str = ""


class CallPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is told before they enter. ``guests`` says whether they may without an account."""

    title: str
    host: CallHost
    guests: bool
    locked: bool
    lobby: bool
