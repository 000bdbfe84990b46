from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.command_table import ALIASES, COMMANDS, Takes, commands_for
from chat.commands import is_command, parse_command
from chat.durations import parse_duration, spell_duration
from storage.chat.settings import LinkPolicy
from storage.model.channel import ChannelRole, Standing
from storage.model.chat import POWERS, ModerationAction, Suspicion
from storage.model.errors import BadInput, ErrorCode, Refused
from storage.model.permission import Action
from tests.chat.nasty import NASTY

SOMEBODY = Standing(signed_in=True)
MODERATOR = Standing(signed_in=True, role=ChannelRole.MODERATOR)
OPERATOR = Standing(signed_in=True, operator=True)
OWNER = Standing(signed_in=True, owner=True)
MESSAGE = "01jdq4w7c0h4s9n2x8k3v5m6pz"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/timeout @Ada 10m being rude", {"account": "ada", "seconds": 600, "text": "being rude"}),
        ("/timeout ada 600", {"account": "ada", "seconds": 600}),
        ("/timeout ada being rude", {"account": "ada", "seconds": None, "text": "being rude"}),
        ("/TIMEOUT ada, 2w", {"account": "ada", "seconds": 1_209_600}),
        ("/mute ada", {"account": "ada"}),
        ("/ban ada", {"account": "ada", "seconds": None}),
        ("/ban ada 7d again", {"account": "ada", "seconds": 604_800, "text": "again"}),
        ("/ban ada 3 times warned", {"account": "ada", "seconds": None, "text": "3 times warned"}),
        ("/warn ada be kind", {"account": "ada", "text": "be kind"}),
        (f"/delete {MESSAGE}", {"message": MESSAGE}),
        ("/slow", {"seconds": None, "on": None}),
        ("/slow 1m30s", {"seconds": 90}),
        ("/slow off", {"on": False}),
        ("/slowoff", {"on": False}),
        ("/followers 10", {"seconds": 600}),
        ("/followers 2h", {"seconds": 7200}),
        ("/emoteonly", {"on": None}),
        ("/shield on", {"on": True}),
        ("/links nobody", {"links": LinkPolicy.NOBODY}),
        ("/suspect ada restricted looks like x", {"account": "ada", "suspicion": Suspicion.RESTRICTED, "text": "looks like x"}),
        ("/suspect ada looks like x", {"account": "ada", "suspicion": None, "text": "looks like x"}),
        ("/poll 2m Which one? | this |  that ", {"seconds": 120, "text": "Which one?", "options": ("this", "that")}),
        ("/poll Which one? | this | that", {"seconds": None, "text": "Which one?"}),
        ("/me  waves a lot ", {"text": "waves a lot"}),
        ("/color #AABBCC", {"text": "#aabbcc"}),
        ("/help /ban", {"text": "ban"}),
        ("/block-term two words", {"text": "two words"}),
    ],
)
def test_a_command_is_read(line: str, expected: dict[str, object]) -> None:
    parsed = parse_command(line, MODERATOR)
    assert {name: getattr(parsed, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/", "no command"),
        ("/xyz", "no command /xyz"),
        ("/w ada hi", "no command /w"),
        ("/timeout", "missing"),
        ("/timeout not/a/name", "no account's name"),
        ("/timeout ada 30d", "1s to 2w"),
        ("/timeout ada 0s", "1s to 2w"),
        ("/clear all", "too much"),
        ("/slow fast", "no time or off"),
        ("/slow 2h", "0s to 1h"),
        ("/delete 5", "no message"),
        ("/links all", "no link policy"),
        ("/poll Which one?", "2 to 10 options"),
        ("/poll Which one? | a | a", "options differ"),
        ("/poll | a | b", "a question has"),
        ("/warn ada", "missing"),
        ("/color red", "no colour"),
    ],
)
def test_what_is_wrong_with_a_command_is_said(line: str, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_command(line, MODERATOR)
    assert caught.value.code is ErrorCode.COMMAND_UNKNOWN
    assert says.lower() in caught.value.detail.lower()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_for_those_who_may_do_it(name: str) -> None:
    action = COMMANDS[name].action
    allowed = {
        "nobody": False,
        "somebody": action is None,
        "moderator": action is None or POWERS[action] is Action.MODERATE,
        "operator": action is None or POWERS[action] is Action.MODERATE,
        "owner": True,
    }
    who = {"nobody": Standing(), "somebody": SOMEBODY, "moderator": MODERATOR, "operator": OPERATOR, "owner": OWNER}
    for one, expected in allowed.items():
        assert (COMMANDS[name] in commands_for(who[one])) == expected
        if not expected:
            with pytest.raises(Refused):
                parse_command(f"/{name}", who[one])


def test_aliases_lead_to_commands() -> None:
    for name, (command, *_) in ALIASES.items():
        assert command in COMMANDS
        assert name not in COMMANDS


def test_what_takes_the_rest_of_the_line_comes_last() -> None:
    for command in COMMANDS.values():
        assert all(one.takes not in {Takes.TEXT, Takes.OPTIONS} for one in command.arguments[:-1])
        assert all(one.longest for one in command.arguments if one.takes in {Takes.TIME, Takes.TIME_OR_OFF})


def test_every_tool_of_a_line_has_a_command() -> None:
    tools = set(ModerationAction) - {
        # From the queue, the log and the page only.
        ModerationAction.LET_THROUGH,
        ModerationAction.REJECT,
        ModerationAction.UNNOTE,
        ModerationAction.UNWARN,
        ModerationAction.UNSHIELD,
        ModerationAction.RESTORE,
        ModerationAction.REMOVE_TERM,
        ModerationAction.ADD_EMOTE,
        ModerationAction.REMOVE_EMOTE,
        ModerationAction.GRANT_APPEAL,
        ModerationAction.DENY_APPEAL,
    }
    assert {command.action for command in COMMANDS.values()} - {None} == tools


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_line_is_read_or_refused(rest: str) -> None:
    for name in COMMANDS:
        with suppress(BadInput):
            parse_command(f"/{name} {rest}", OWNER)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_nasty_lines_are_refused_or_read(text: str) -> None:
    assert is_command(f"/{text}")
    with pytest.raises(BadInput):
        parse_command(f"/{text}", OWNER)


@settings(deadline=None)
@given(st.integers(1, 10**7))
def test_a_time_that_is_spelt_is_read_back(seconds: int) -> None:
    assert parse_duration(spell_duration(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "s", "10x", "1.5h", "-5", "m5", "1h 30m", "٣s", "99999999"])
def test_what_is_no_time(text: str) -> None:
    assert parse_duration(text) is None
