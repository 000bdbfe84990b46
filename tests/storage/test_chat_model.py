from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from storage.model.channel import ChannelRole, Standing, Visibility
from storage.model.chat import (
    AGAINST_SOMEBODY,
    NEW_FOR,
    NEWCOMER,
    POWERS,
    REGULAR_AFTER,
    REGULAR_MESSAGES,
    Member,
    ModerationAction,
    Rank,
    may,
    rank,
)
from storage.model.permission import Verdict, may_act_on, verdict

NOW = datetime(2030, 1, 1, tzinfo=UTC)
STANDINGS = {
    Rank.STRANGER: Standing(),
    Rank.MEMBER: Standing(signed_in=True),
    Rank.VIP: Standing(signed_in=True, role=ChannelRole.VIP),
    Rank.MODERATOR: Standing(signed_in=True, role=ChannelRole.MODERATOR),
    Rank.OWNER: Standing(signed_in=True, owner=True),
    Rank.OPERATOR: Standing(signed_in=True, operator=True),
}
KNOWN = Member(first_at=NOW - timedelta(days=2), messages=3)


@pytest.mark.parametrize("expected", STANDINGS)
def test_a_rank_follows_from_the_standing(expected: Rank) -> None:
    assert rank(STANDINGS[expected], KNOWN, NOW) is expected


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (NEWCOMER, Rank.NEW),
        (Member(first_at=NOW), Rank.NEW),
        (Member(first_at=NOW - NEW_FOR + timedelta(seconds=1), messages=1000), Rank.NEW),
        (Member(first_at=NOW - NEW_FOR), Rank.MEMBER),
        (Member(first_at=NOW - REGULAR_AFTER, messages=REGULAR_MESSAGES - 1), Rank.MEMBER),
        (Member(first_at=NOW - REGULAR_AFTER + timedelta(seconds=1), messages=REGULAR_MESSAGES), Rank.MEMBER),
        (Member(first_at=NOW - REGULAR_AFTER, messages=REGULAR_MESSAGES), Rank.REGULAR),
    ],
)
def test_a_rank_grows_with_what_one_wrote(member: Member, expected: Rank) -> None:
    assert rank(Standing(signed_in=True), member, NOW) is expected


@pytest.mark.parametrize("role", ChannelRole)
def test_whoever_is_banned_has_no_role(role: ChannelRole) -> None:
    assert rank(Standing(signed_in=True, role=role, banned=True), KNOWN, NOW) is Rank.MEMBER
    assert not any(may(Standing(signed_in=True, role=role, banned=True), action) for action in ModerationAction)


@pytest.mark.parametrize("action", ModerationAction)
@pytest.mark.parametrize("who", STANDINGS)
def test_powers_are_those_of_the_table_of_permissions(who: Rank, action: ModerationAction) -> None:
    allowed = verdict(POWERS[action], Visibility.PUBLIC, STANDINGS[who]) is Verdict.ALLOWED
    assert may(STANDINGS[who], action) == allowed


@pytest.mark.parametrize(("who", "whom"), list(product(STANDINGS, STANDINGS)))
def test_powers_are_bounded_by_rank(who: Rank, whom: Rank) -> None:
    actor, subject = STANDINGS[who], STANDINGS[whom]
    for action in ModerationAction:
        expected = may(actor, action) and (action not in AGAINST_SOMEBODY or may_act_on(actor, subject))
        assert may(actor, action, subject) == expected
        if action in AGAINST_SOMEBODY and whom >= Rank.OWNER:
            assert not may(actor, action, subject)
