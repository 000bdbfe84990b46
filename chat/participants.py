"""Who is in a room, as the rules and the other participants see them. Pure."""

from dataclasses import replace
from datetime import datetime

from chat.protocol import You
from chat.rules import Writer, admit
from storage.access import limited
from storage.chat.events import Author, Badge
from storage.chat.settings import ChatSettings
from storage.database.chat_members import Participant
from storage.model.account import Actor, Scope
from storage.model.channel import STRANGER_STANDING, Channel, Standing
from storage.model.chat import Rank, rank
from storage.model.permission import Action, Verdict, verdict

_BADGES = {
    Rank.NEW: Badge.NEW,
    Rank.VIP: Badge.VIP,
    Rank.MODERATOR: Badge.MODERATOR,
    Rank.OWNER: Badge.OWNER,
    Rank.OPERATOR: Badge.OPERATOR,
}


def writer_of(one: Participant) -> Writer:
    """As the rules see them."""
    return Writer(
        name=one.account.name,
        standing=one.standing,
        created_at=one.account.created_at,
        member=one.member,
        verified=one.account.email_verified_at is not None,
        followed_at=one.followed_at,
        banned_until=one.banned_until,
    )


def rank_of(one: Participant, now: datetime) -> Rank:
    """What they are in the room."""
    return rank(one.standing, one.member, now)


def badges_of(one: Participant, now: datetime) -> tuple[Badge, ...]:
    """What is shown beside the name."""
    # An operator's own channel is first of all their channel.
    badge = Badge.OWNER if one.standing.owner else _BADGES.get(rank_of(one, now))
    return (badge,) if badge else ()


def author_of(one: Participant, now: datetime) -> Author:
    """As others see them."""
    account = one.account
    return Author(
        name=account.name,
        shown=account.display_name or account.name,
        colour=account.colour,
        badges=badges_of(one, now),
        avatar=f"/pictures/{account.avatar}" if account.avatar else "",
    )


def seen(one: Participant, actor: Actor, channel: Channel, action: Action) -> Standing:
    """What they are to the channel as far as the token of their socket goes."""
    return limited(channel, replace(one.standing, owner=channel.owner == one.account.id), actor, action)


def watches(one: Participant | None, actor: Actor, channel: Channel) -> Verdict:
    """Whether they, or a stranger, may be there."""
    standing = STRANGER_STANDING if one is None else seen(one, actor, channel, Action.WATCH)
    return verdict(Action.WATCH, channel.visibility, standing)


def you(one: Participant, actor: Actor, channel: Channel, settings: ChatSettings, now: datetime) -> You:
    """What they are told of themselves; a token's scopes bound what its socket may."""
    refused = admit(writer_of(one), settings, now)
    may = []
    if refused is None and Scope.CHAT in actor.scopes:
        may.append("write")
    if is_team(one, actor, channel):
        may.append("moderate")
    if seen(one, actor, channel, Action.EDIT).owner and Scope.CHANNEL_WRITE in actor.scopes:
        may.append("manage")
    member = one.member
    muted = member.muted_until is not None and member.muted_until > now
    return You(
        may=tuple(may),
        badges=badges_of(one, now),
        muted_until=round(member.muted_until.timestamp() * 1000) if muted and member.muted_until else 0,
        muted_for=member.muted_for if muted else "",
        warning=member.warning,
        refused=refused.code if refused else "",
    )


def is_team(one: Participant, actor: Actor, channel: Channel) -> bool:
    """Whether they are told what only the team is told."""
    said = verdict(Action.MODERATE, channel.visibility, seen(one, actor, channel, Action.MODERATE))
    return Scope.MODERATE in actor.scopes and said is Verdict.ALLOWED
