from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from chat.recent import NOTHING, Recent, RecentMessages
from chat.rules import NO_FILTERS, Accept, Draft, Hold, Refuse, Verdict, Writer, admit, filters, judge, spoken
from chat.terms import Term
from storage.chat.settings import Automod, Category, ChatSettings, LinkPolicy, Modes
from storage.model.channel import ChannelRole, Standing
from storage.model.chat import Member, Rank, Suspicion, TermEffect, TermForm
from storage.model.errors import ErrorCode
from tests.chat.nasty import NASTY

NOW = datetime(2030, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
OLD = Member(first_at=NOW - timedelta(days=3), messages=5)
SIGNED_IN = Standing(signed_in=True)
WRITERS = {
    Rank.STRANGER: Writer("", Standing(), NOW),
    Rank.NEW: Writer("newcomer", SIGNED_IN, NOW - YEAR),
    Rank.MEMBER: Writer("member", SIGNED_IN, NOW - YEAR, OLD),
    Rank.REGULAR: Writer("regular", SIGNED_IN, NOW - YEAR, Member(first_at=NOW - YEAR, messages=500)),
    Rank.VIP: Writer("vip", replace(SIGNED_IN, role=ChannelRole.VIP), NOW - YEAR, OLD),
    Rank.MODERATOR: Writer("moderator", replace(SIGNED_IN, role=ChannelRole.MODERATOR), NOW - YEAR, OLD),
    Rank.OWNER: Writer("owner", replace(SIGNED_IN, owner=True), NOW - YEAR, OLD),
    Rank.OPERATOR: Writer("operator", replace(SIGNED_IN, operator=True), NOW - YEAR, OLD),
}
MEMBER = WRITERS[Rank.MEMBER]
WRITE = [rank for rank in Rank if rank > Rank.STRANGER]


def verdict(
    text: str = "good evening", writer: Writer = MEMBER, settings: ChatSettings | None = None, recent: Recent = NOTHING, **draft: Any
) -> Verdict:
    settings = settings or ChatSettings()
    return judge(Draft(text, **draft), writer, settings, filters(settings, emotes=["wave"]), recent=recent, now=NOW)


def code(found: Verdict) -> ErrorCode | None:
    return found.code if isinstance(found, Refuse) else None


@pytest.mark.parametrize("rank", Rank)
def test_writers_have_the_rank_they_stand_for(rank: Rank) -> None:
    assert WRITERS[rank].rank(NOW) is rank


@pytest.mark.parametrize("rank", Rank)
def test_everybody_but_strangers_writes_where_nothing_is_set(rank: Rank) -> None:
    expected = ErrorCode.SIGN_IN_REQUIRED if rank is Rank.STRANGER else None
    assert code(verdict(writer=WRITERS[rank])) is expected


MODES: dict[str, tuple[Modes, ErrorCode, Rank]] = {
    "read-only": (Modes(read_only=True), ErrorCode.READ_ONLY, Rank.MODERATOR),
    "members-only": (Modes(members_only=True), ErrorCode.MEMBERS_ONLY, Rank.VIP),
    "followers-only": (Modes(followers_minutes=0), ErrorCode.FOLLOWERS_ONLY, Rank.MODERATOR),
    "verified-only": (Modes(verified_only=True), ErrorCode.VERIFIED_ONLY, Rank.MODERATOR),
    "account age": (Modes(account_age_minutes=90 * 24 * 60), ErrorCode.ACCOUNT_TOO_NEW, Rank.MODERATOR),
    "slow": (Modes(slow_seconds=10), ErrorCode.SLOW_MODE, Rank.VIP),
    "emote-only": (Modes(emote_only=True), ErrorCode.EMOTE_ONLY, Rank.MODERATOR),
    "unique": (Modes(unique=True), ErrorCode.NOT_UNIQUE, Rank.VIP),
    "links of regulars": (Modes(links=LinkPolicy.REGULARS), ErrorCode.LINKS_REFUSED, Rank.REGULAR),
    "links of VIPs": (Modes(links=LinkPolicy.MODERATORS), ErrorCode.LINKS_REFUSED, Rank.VIP),
    "links of nobody": (Modes(links=LinkPolicy.NOBODY), ErrorCode.LINKS_REFUSED, Rank.MODERATOR),
}


@pytest.mark.parametrize("rank", WRITE)
@pytest.mark.parametrize("mode", MODES)
def test_each_mode_spares_the_ranks_it_should(mode: str, rank: Rank) -> None:
    modes, refusal, spared = MODES[mode]
    settings = ChatSettings(modes=modes)
    draft = Draft("look at example.com")
    recent = Recent(last_at=NOW - timedelta(seconds=3), texts={draft.key})
    writer = replace(WRITERS[rank], created_at=NOW - timedelta(days=1))

    found = judge(draft, writer, settings, filters(settings), recent=recent, now=NOW)

    assert code(found) is (None if rank >= spared else refusal)


@pytest.mark.parametrize("rank", WRITE)
def test_what_can_not_be_shown_is_refused_to_everybody(rank: Rank) -> None:
    writer = WRITERS[rank]
    assert code(verdict("", writer)) is ErrorCode.MESSAGE_EMPTY
    assert code(verdict("\u200b \u3164", writer)) is ErrorCode.MESSAGE_EMPTY
    assert code(verdict("x" * 501, writer)) is ErrorCode.MESSAGE_TOO_LONG
    assert code(verdict("a\0b", writer)) is ErrorCode.BAD_REQUEST
    assert code(verdict("a\ud800b", writer)) is ErrorCode.BAD_REQUEST


def test_length_is_counted_in_code_points_and_in_bytes() -> None:
    assert code(verdict("x" * 500)) is None
    assert code(verdict("\U0001f389" * 500)) is None
    assert code(verdict("\U0001f389" * 501)) is ErrorCode.MESSAGE_TOO_LONG
    assert len(("\U0001f389" * 500).encode()) <= 2048


def test_a_banned_account_is_told_for_how_long() -> None:
    banned = replace(MEMBER, standing=replace(SIGNED_IN, banned=True))
    for_ever, for_a_while = verdict(writer=banned), verdict(writer=replace(banned, banned_until=NOW + timedelta(hours=1)))
    assert isinstance(for_ever, Refuse)
    assert isinstance(for_a_while, Refuse)
    assert (for_ever.code, for_ever.retry_after) == (ErrorCode.CHAT_BANNED, 0)
    assert (for_a_while.code, for_a_while.retry_after) == (ErrorCode.CHAT_BANNED, 3600)


def test_a_banned_moderator_is_no_moderator() -> None:
    writer = replace(WRITERS[Rank.MODERATOR], standing=Standing(signed_in=True, role=ChannelRole.MODERATOR, banned=True))
    assert code(verdict(writer=writer)) is ErrorCode.CHAT_BANNED


def test_a_timeout_ends_by_itself_and_says_why() -> None:
    muted = replace(MEMBER, member=replace(OLD, muted_until=NOW + timedelta(seconds=90), muted_for="Spam"))
    found = verdict(writer=muted)
    assert isinstance(found, Refuse)
    assert (found.code, found.retry_after) == (ErrorCode.CHAT_MUTED, 90)
    assert "Spam" in found.detail
    assert code(verdict(writer=replace(muted, member=replace(OLD, muted_until=NOW)))) is None


def test_the_gravest_reason_is_told_first() -> None:
    member = replace(OLD, muted_until=NOW + timedelta(minutes=1), warning="Be kind.")
    writer = replace(MEMBER, member=member, standing=replace(SIGNED_IN, banned=True))
    settings = ChatSettings(modes=Modes(read_only=True, verified_only=True))
    assert code(verdict("", writer, settings)) is ErrorCode.CHAT_BANNED
    writer = replace(writer, standing=SIGNED_IN)
    assert code(verdict("", writer, settings)) is ErrorCode.CHAT_MUTED
    writer = replace(writer, member=replace(member, muted_until=None))
    assert code(verdict("", writer, settings)) is ErrorCode.WARNING_PENDING
    writer = replace(writer, member=OLD)
    assert code(verdict("", writer, settings)) is ErrorCode.READ_ONLY
    assert code(verdict("", writer)) is ErrorCode.MESSAGE_EMPTY


def test_followers_only_wants_a_time() -> None:
    settings = ChatSettings(modes=Modes(followers_minutes=10))
    found = verdict(writer=replace(MEMBER, followed_at=NOW - timedelta(minutes=4)), settings=settings)
    assert isinstance(found, Refuse)
    assert (found.code, found.retry_after) == (ErrorCode.FOLLOWERS_ONLY, 360)
    assert verdict(writer=replace(MEMBER, followed_at=NOW - timedelta(minutes=10)), settings=settings) == Accept()


def test_slow_mode_says_when() -> None:
    settings = ChatSettings(modes=Modes(slow_seconds=10))
    recent = Recent(last_at=NOW - timedelta(seconds=4))
    found = verdict(settings=settings, recent=recent)
    assert isinstance(found, Refuse)
    assert (found.code, found.retry_after) == (ErrorCode.SLOW_MODE, 6)
    assert verdict(settings=settings, recent=recent, edit=True) == Accept()
    assert verdict(settings=settings, recent=Recent(last_at=NOW - timedelta(seconds=10))) == Accept()


def test_the_shield_makes_it_stricter() -> None:
    settings = ChatSettings(shield=True, shield_modes=Modes(verified_only=True))
    assert code(verdict(settings=settings)) is ErrorCode.VERIFIED_ONLY
    assert verdict(writer=replace(MEMBER, verified=True), settings=settings) == Accept()


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        (":wave:", True),
        (":wave: \U0001f389 \U0001f468\u200d\U0001f467", True),
        ("\U0001f1e9\U0001f1ea 1\ufe0f\u20e3", True),
        (":frog:", False),
        ("hi :wave:", False),
        ("1", False),
    ],
)
def test_emote_only_takes_emotes_and_emoji(text: str, *, taken: bool) -> None:
    found = verdict(text, settings=ChatSettings(modes=Modes(emote_only=True)))
    assert code(found) is (None if taken else ErrorCode.EMOTE_ONLY)


def test_unique_chat_is_not_fooled_by_case_or_signs() -> None:
    settings = ChatSettings(modes=Modes(unique=True))
    recent = Recent(texts={Draft("Good evening").key})
    assert code(verdict("GOOOD  EVENING!!", settings=settings, recent=recent)) is ErrorCode.NOT_UNIQUE
    assert verdict("Good evening", settings=settings, recent=recent, edit=True) == Accept()
    assert verdict("Good night", settings=settings, recent=recent) == Accept()


def test_allowed_hosts_and_our_own_are_always_taken() -> None:
    settings = ChatSettings(modes=Modes(links=LinkPolicy.NOBODY), allowed_hosts=("example.com",))
    ready = filters(settings, own_hosts=["live.example.org"])
    for text, taken in [("m.example.com/x live.example.org", True), ("example.com evil.com", False)]:
        found = judge(Draft(text), MEMBER, settings, ready, recent=NOTHING, now=NOW)
        assert code(found) is (None if taken else ErrorCode.LINKS_REFUSED)


def test_a_blocked_term_is_refused_and_a_held_one_held_but_not_the_teams() -> None:
    ready = filters(ChatSettings(), [Term(TermForm.LITERAL, "frog", TermEffect.BLOCK), Term(TermForm.WILDCARD, "toad*", TermEffect.HOLD)])
    for rank in WRITE:
        blocked = judge(Draft("f.r.o.g"), WRITERS[rank], ChatSettings(), ready, recent=NOTHING, now=NOW)
        held = judge(Draft("toads"), WRITERS[rank], ChatSettings(), ready, recent=NOTHING, now=NOW)
        assert code(blocked) is (None if rank.is_team else ErrorCode.MESSAGE_BLOCKED)
        assert held == (Accept() if rank.is_team else Hold(("term: toad*",)))


def test_a_refusal_does_not_say_which_term() -> None:
    ready = filters(ChatSettings(), [Term(TermForm.LITERAL, "frog", TermEffect.BLOCK)])
    found = judge(Draft("a frog"), MEMBER, ChatSettings(), ready, recent=NOTHING, now=NOW)
    assert isinstance(found, Refuse)
    assert "frog" not in found.detail


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SHOUTING ALL THE TIME", "capitals"),
        ("@#$%^&*()_+ look!!!", "symbols"),
        ("nooooooooooooooooo", "repeats"),
        ("buy buy buy buy buy buy buy", "repeats"),
        ("z\u0300\u0316\u0334\u0361\u0489algo", "marks"),
        ("@a @b @c @d @e @f hello", "mentions"),
        ("\u202eevil", "hidden_characters"),
        ("h\u200ba\u200br\u200bmless", "hidden_characters"),
        ("\x1b[31mred", "hidden_characters"),
    ],
)
def test_what_is_odd_waits_for_the_team(text: str, reason: str) -> None:
    settings = ChatSettings(automod=Automod(capitals_percent=70, symbols_percent=60, repeats=5))
    assert verdict(text, settings=settings) == Hold((reason,))
    assert verdict(text, WRITERS[Rank.MODERATOR], settings) == Accept()


@pytest.mark.parametrize(
    "text",
    [
        "Ça va? Tiếng Việt, ภาษาไทย, עִבְרִית, हिन्दी, ქართული",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "OK :) !!",
        "two\nlines\tand a tab",
        "<script>alert(1)</script>",
    ],
)
def test_what_people_write_every_day_is_taken_as_it_is(text: str) -> None:
    assert verdict(text) == Accept()


def test_a_restricted_account_is_held() -> None:
    writer = replace(MEMBER, member=replace(OLD, suspicion=Suspicion.RESTRICTED))
    assert verdict(writer=writer) == Hold(("suspicion",))
    assert verdict(writer=replace(writer, member=replace(OLD, suspicion=Suspicion.MONITORED))) == Accept()


def test_automod_holds_by_its_levels_and_permits_overrule_it() -> None:
    settings = ChatSettings(automod=Automod(levels={Category.PROFANITY: 3}))
    permit = filters(settings, [Term(TermForm.LITERAL, "shit", TermEffect.PERMIT)])
    assert verdict("oh sh!t") == Accept()
    assert verdict("oh sh!t", settings=settings) == Hold(("profanity",))
    assert verdict("oh damn", settings=settings) == Accept()
    assert judge(Draft("oh sh!t"), MEMBER, settings, permit, recent=NOTHING, now=NOW) == Accept()


def test_an_external_classifier_stands_in_for_the_lists_but_not_for_repetition() -> None:
    settings = ChatSettings(automod=Automod(levels={Category.HATE: 1, Category.SPAM: 1, Category.PROFANITY: 4}))
    assert verdict("oh shit", settings=settings, scores={}) == Accept()
    assert verdict("nice", settings=settings, scores={Category.HATE: 4}) == Hold(("hate",))
    assert verdict("nice", settings=settings, scores={}, recent=Recent(said=5)) == Hold(("spam",))


def test_reasons_are_few_and_short() -> None:
    terms = [
        Term(TermForm.EXPRESSION, "o" + "|x" * 90, TermEffect.HOLD),
        *(Term(TermForm.LITERAL, f"w{n}", TermEffect.HOLD) for n in range(20)),
    ]
    ready = filters(ChatSettings(), terms)
    found = judge(Draft("oh " + " ".join(f"w{n}" for n in range(20))), MEMBER, ChatSettings(), ready, recent=NOTHING, now=NOW)
    assert isinstance(found, Hold)
    assert len(", ".join(found.reasons)) <= 200


STRICT = ChatSettings(
    modes=Modes(unique=True, links=LinkPolicy.REGULARS),
    automod=Automod(levels=dict.fromkeys(Category, 4), capitals_percent=50, symbols_percent=50, repeats=10),
)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("rank", [Rank.NEW, Rank.OWNER])
def test_nasty_texts_are_judged(text: str, rank: Rank) -> None:
    found = verdict(text, WRITERS[rank], STRICT)
    if not isinstance(found, Refuse):
        text.encode()
        assert len(text) <= 500


@trying(deadline=None)
@given(st.text(st.characters(), max_size=600), st.sampled_from(Rank))
def test_any_text_is_judged_and_always_the_same(text: str, rank: Rank) -> None:
    draft = Draft(text)
    first = judge(draft, WRITERS[rank], STRICT, NO_FILTERS, recent=NOTHING, now=NOW)
    assert judge(draft, WRITERS[rank], STRICT, NO_FILTERS, recent=NOTHING, now=NOW) == first
    assert verdict(text, WRITERS[rank], STRICT) == first


@pytest.mark.parametrize("rank", Rank)
def test_who_is_not_admitted_is_refused_whatever_they_write(rank: Rank) -> None:
    settings = ChatSettings(modes=Modes(verified_only=True))
    refused = admit(WRITERS[rank], settings, NOW)
    assert (verdict(writer=WRITERS[rank], settings=settings) == refused) == (refused is not None)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 second"),
        (1, "1 second"),
        (7, "7 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7200, "2 hours"),
        (200_000, "3 days"),
    ],
)
def test_times_are_told_for_people(seconds: float, said: str) -> None:
    assert spoken(seconds) == said


def test_what_was_written_lately_is_remembered_for_a_while() -> None:
    recent = RecentMessages()
    for second in range(3):
        recent.note("ada", "hello", NOW + timedelta(seconds=second))
    recent.note("grace", "hello", NOW)

    found = recent.of("ada", "hello", NOW + timedelta(seconds=5))
    assert (found.said, found.last_at, "hello" in found.texts) == (3, NOW + timedelta(seconds=2), True)
    later = recent.of("ada", "hello", NOW + timedelta(minutes=11))
    assert (later.said, "hello" in later.texts) == (0, False)


def test_what_is_remembered_is_bounded() -> None:
    recent = RecentMessages()
    for number in range(5000):
        recent.note(f"account{number}", f"text{number}", NOW)
    assert "text0" not in recent.of("x", "y", NOW).texts
    assert "text4999" in recent.of("x", "y", NOW).texts
    assert recent.of("account0", "y", NOW).last_at is None


def test_the_database_knows_of_later_messages_than_this_node() -> None:
    recent = RecentMessages()
    recent.note("ada", "hello", NOW)
    assert recent.of("ada", "x", NOW, last_at=NOW + timedelta(seconds=1)).last_at == NOW + timedelta(seconds=1)
    assert recent.of("ada", "x", NOW, last_at=NOW - timedelta(seconds=1)).last_at == NOW
