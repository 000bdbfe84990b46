"""Who may do what with a channel: one table, pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from storage.model.account import Scope
from storage.model.channel import ChannelRole, Standing, Visibility


class Action(StrEnum):
    """What can be done with a channel."""

    SEE = "see"
    """Read its page: title, description, whether it is live."""
    FIND = "find"
    """Get it in a list or search."""
    WATCH = "watch"
    FOLLOW = "follow"
    EDIT = "edit"
    """Its texts, pictures, visibility and name."""
    KEYS = "keys"
    ROLES = "roles"
    """Give and take roles."""
    SEE_ROLES = "see_roles"
    MODERATE = "moderate"
    """Ban accounts from it, and see who is."""
    PUBLISH = "publish"
    STATISTICS = "statistics"
    """See how the running publish is doing."""
    STOP = "stop"
    """End the running broadcast."""
    DELETE = "delete"


class Verdict(StrEnum):
    """What the table says."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    SIGN_IN = "sign_in"
    """Refused, but an account might be let through."""
    PASSWORD = "password"  # noqa: S105 - a name, not a secret
    """Refused without the channel's password."""
    HIDDEN = "hidden"
    """Refused, and not to be told that there is such a channel."""


SCOPES: Mapping[Action, frozenset[Scope]] = MappingProxyType(
    {
        Action.SEE: frozenset({Scope.CHANNEL_READ}),
        Action.FIND: frozenset({Scope.CHANNEL_READ}),
        Action.WATCH: frozenset({Scope.CHANNEL_READ}),
        Action.SEE_ROLES: frozenset({Scope.CHANNEL_READ, Scope.MODERATE}),
        Action.FOLLOW: frozenset({Scope.ACCOUNT_WRITE}),
        Action.EDIT: frozenset({Scope.CHANNEL_WRITE}),
        Action.KEYS: frozenset({Scope.CHANNEL_WRITE}),
        Action.ROLES: frozenset({Scope.CHANNEL_WRITE}),
        Action.DELETE: frozenset({Scope.CHANNEL_WRITE}),
        Action.MODERATE: frozenset({Scope.MODERATE}),
        Action.PUBLISH: frozenset({Scope.PUBLISH}),
        Action.STATISTICS: frozenset({Scope.CHANNEL_READ, Scope.PUBLISH}),
        Action.STOP: frozenset({Scope.CHANNEL_WRITE, Scope.ADMIN}),
    }
)
"""An API token needs one of these, whatever its account may do."""

READS = frozenset({Action.SEE, Action.FIND, Action.WATCH})
"""What a token without the scope may still do like a stranger."""

_TEAM = frozenset({Action.SEE_ROLES, Action.MODERATE, Action.STATISTICS})
_OPERATORS = frozenset({Action.STOP, Action.MODERATE, Action.SEE_ROLES})


def verdict(action: Action, visibility: Visibility, standing: Standing) -> Verdict:
    """Whether somebody of that standing may do it."""
    if standing.owner:
        return Verdict.ALLOWED
    if action is Action.FIND:
        return Verdict.ALLOWED if _finds(visibility, standing) else Verdict.HIDDEN
    if action is Action.WATCH:
        return _watch(visibility, standing)
    if not _sees(visibility, standing):
        return Verdict.HIDDEN
    if action is Action.SEE:
        return Verdict.ALLOWED
    if not standing.signed_in:
        return Verdict.SIGN_IN
    if action is Action.FOLLOW:
        return Verdict.REFUSED if standing.banned else Verdict.ALLOWED
    if (standing.operator and action in _OPERATORS) or (standing.role is ChannelRole.MODERATOR and action in _TEAM):
        return Verdict.ALLOWED
    return Verdict.REFUSED


def may_act_on(standing: Standing, other: Standing) -> bool:
    """Whether one who may moderate may ban ``other``: nobody bans the owner or an operator, and moderators don't ban each other."""
    if other.owner or other.operator:
        return False
    return standing.owner or standing.operator or other.role is not ChannelRole.MODERATOR


def _named(standing: Standing) -> bool:
    return standing.role is not None and not standing.banned


def _sees(visibility: Visibility, standing: Standing) -> bool:
    return visibility is not Visibility.NAMED or standing.operator or _named(standing)


def _finds(visibility: Visibility, standing: Standing) -> bool:
    if visibility is Visibility.PUBLIC:
        return True
    if visibility is Visibility.NAMED:
        return _named(standing)
    return not standing.banned and (standing.role is not None or standing.follows)


def _watch(visibility: Visibility, standing: Standing) -> Verdict:
    if standing.operator:
        return Verdict.ALLOWED
    if not _sees(visibility, standing):
        return Verdict.HIDDEN
    if standing.banned:
        return Verdict.REFUSED
    if visibility.is_open or standing.role is not None:
        return Verdict.ALLOWED
    if visibility is Visibility.PASSWORD:
        return Verdict.PASSWORD
    if standing.follows:
        return Verdict.ALLOWED
    return Verdict.REFUSED if standing.signed_in else Verdict.SIGN_IN
