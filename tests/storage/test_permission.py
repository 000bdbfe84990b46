"""The table of who may do what with a channel, written out once more by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.model.channel import ChannelRole, Standing, Visibility
from storage.model.permission import Action, Verdict, may_act_on, verdict
from storage.model.words import fold, words

STRANGER = Standing()
ACCOUNT = Standing(signed_in=True)
FOLLOWER = Standing(signed_in=True, follows=True)
VIEWER = Standing(signed_in=True, role=ChannelRole.VIEWER)
VIP = Standing(signed_in=True, role=ChannelRole.VIP)
MODERATOR = Standing(signed_in=True, role=ChannelRole.MODERATOR)
OWNER = Standing(signed_in=True, owner=True)
OPERATOR = Standing(signed_in=True, operator=True)
BANNED = Standing(signed_in=True, follows=True, banned=True)
BANNED_VIP = Standing(signed_in=True, role=ChannelRole.VIP, banned=True)
EVERYBODY = (STRANGER, ACCOUNT, FOLLOWER, VIEWER, VIP, MODERATOR, OWNER, OPERATOR, BANNED, BANNED_VIP)


def _allowed(action: Action, visibility: Visibility) -> set[Standing]:
    return {one for one in EVERYBODY if verdict(action, visibility, one) is Verdict.ALLOWED}


@pytest.mark.parametrize(
    ("visibility", "sees", "finds", "watches"),
    [
        (Visibility.PUBLIC, set(EVERYBODY), set(EVERYBODY), set(EVERYBODY) - {BANNED, BANNED_VIP}),
        (Visibility.UNLISTED, set(EVERYBODY), {FOLLOWER, VIEWER, VIP, MODERATOR, OWNER}, set(EVERYBODY) - {BANNED, BANNED_VIP}),
        (
            Visibility.FOLLOWERS,
            set(EVERYBODY),
            {FOLLOWER, VIEWER, VIP, MODERATOR, OWNER},
            {FOLLOWER, VIEWER, VIP, MODERATOR, OWNER, OPERATOR},
        ),
        (
            Visibility.NAMED,
            {VIEWER, VIP, MODERATOR, OWNER, OPERATOR},
            {VIEWER, VIP, MODERATOR, OWNER},
            {VIEWER, VIP, MODERATOR, OWNER, OPERATOR},
        ),
        (Visibility.PASSWORD, set(EVERYBODY), {FOLLOWER, VIEWER, VIP, MODERATOR, OWNER}, {VIEWER, VIP, MODERATOR, OWNER, OPERATOR}),
    ],
)
def test_who_sees_finds_and_watches(visibility: Visibility, sees: set[Standing], finds: set[Standing], watches: set[Standing]) -> None:
    assert _allowed(Action.SEE, visibility) == sees
    assert _allowed(Action.FIND, visibility) == finds
    assert _allowed(Action.WATCH, visibility) == watches


def test_who_governs() -> None:
    everyone_signed_in = set(EVERYBODY) - {STRANGER}
    assert _allowed(Action.FOLLOW, Visibility.PUBLIC) == everyone_signed_in - {BANNED, BANNED_VIP}
    for action in (Action.EDIT, Action.KEYS, Action.ROLES, Action.PUBLISH, Action.DELETE):
        assert _allowed(action, Visibility.PUBLIC) == {OWNER}
    assert _allowed(Action.STATISTICS, Visibility.PUBLIC) == {OWNER, MODERATOR}
    assert _allowed(Action.MODERATE, Visibility.PUBLIC) == _allowed(Action.SEE_ROLES, Visibility.PUBLIC) == {OWNER, MODERATOR, OPERATOR}
    assert _allowed(Action.STOP, Visibility.PUBLIC) == {OWNER, OPERATOR}


def test_the_existence_of_a_channel_for_named_accounts_is_told_to_nobody_else() -> None:
    for action in Action:
        for standing in (STRANGER, ACCOUNT, FOLLOWER, BANNED, BANNED_VIP):
            assert verdict(action, Visibility.NAMED, standing) is Verdict.HIDDEN


def test_a_password_or_an_account_is_asked_for_where_it_helps() -> None:
    assert verdict(Action.WATCH, Visibility.PASSWORD, STRANGER) is Verdict.PASSWORD
    assert verdict(Action.WATCH, Visibility.FOLLOWERS, STRANGER) is Verdict.SIGN_IN
    assert verdict(Action.WATCH, Visibility.FOLLOWERS, ACCOUNT) is Verdict.REFUSED
    assert verdict(Action.WATCH, Visibility.PASSWORD, BANNED) is Verdict.REFUSED
    assert verdict(Action.EDIT, Visibility.PUBLIC, STRANGER) is Verdict.SIGN_IN


def test_nobody_bans_the_owner_or_an_operator_and_moderators_not_each_other() -> None:
    for who in (MODERATOR, OPERATOR, OWNER):
        assert not may_act_on(who, OWNER)
        assert not may_act_on(who, OPERATOR)
        assert may_act_on(who, VIP)
    assert not may_act_on(MODERATOR, MODERATOR)
    assert may_act_on(OWNER, MODERATOR)


@given(
    st.sampled_from(Action),
    st.sampled_from(Visibility),
    st.builds(Standing, st.booleans(), st.booleans(), st.just(False), st.one_of(st.none(), st.sampled_from(ChannelRole)), st.booleans()),
)
def test_a_ban_never_opens_anything(action: Action, visibility: Visibility, standing: Standing) -> None:
    banned = Standing(standing.signed_in, standing.operator, False, standing.role, standing.follows, True)
    if verdict(action, visibility, banned) is Verdict.ALLOWED:
        assert verdict(action, visibility, standing) is Verdict.ALLOWED


def test_words_are_folded() -> None:
    assert words(["Größe GROSSE größe", "ﬁne_café 2²"]) == ("grosse", "fine", "cafe", "22")
    assert fold("ÅSA") == "asa"
    assert words(["x" * 100]) == ("x" * 40,)
    assert len(words([" ".join(f"w{number}" for number in range(100))])) == 60


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert all(fold(word) == word for word in words([text]))
