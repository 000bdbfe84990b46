"""docs/limits.md names a test for every limit, docs/security.md for all that must hold; a renamed test must not leave them lying."""

import re
from pathlib import Path

import pytest

from storage.database import (
    api_tokens,
    bans,
    blocks,
    call_invites,
    calls,
    channels,
    export,
    follows,
    roles,
    sessions,
    stream_keys,
    webhooks,
)
from storage.model import channel_edit, words

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("document", ["docs/limits.md", "docs/security.md"])
def test_every_test_a_document_names_exists(document: str) -> None:
    page = (ROOT / document).read_text()
    defined = {name for file in (ROOT / "tests").glob("*/**/test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())}

    named = set(re.findall(r"`(test_\w+)`", page))

    assert named - defined == set()


def test_every_limit_names_a_test() -> None:
    page = (ROOT / "docs/limits.md").read_text()

    for section in page.split("\n## ")[1:]:
        assert "`test_" in section, section.splitlines()[0]


def test_every_number_of_records_is_the_one_the_code_has() -> None:
    page = (ROOT / "docs/rest.md").read_text().split("## How many there may be")[1].split("\n## ")[0]

    assert {what: int(most) for what, most in re.findall(r"^\| (.+) \| (\d+) \|$", page, re.MULTILINE)} == {
        "channels of an account": channels.MOST_CHANNELS,
        "sessions of an account": sessions.MOST,
        "API tokens of an account": api_tokens.MOST,
        "webhooks of an account": webhooks.MOST_OF_AN_ACCOUNT,
        "channels an account follows": follows.MOST_FOLLOWS,
        "accounts an account blocks": blocks.MOST_BLOCKS,
        "valid stream keys of a channel": stream_keys.MOST_KEYS,
        "accounts with a role in a channel": roles.MOST_ROLES,
        "accounts banned from a channel": bans.MOST_BANS,
        "former names of a channel": channels.MOST_ALIASES,
        "tags of a channel": channel_edit.MOST_TAGS,
        "words a channel is found by": words.MOST_WORDS,
        "words of a search": words.MOST_SEARCHED,
        "deliveries a webhook has waiting": webhooks.MOST_PENDING,
        "rows of a kind in an account's export": export.MOST_ROWS,
        "calls of an account": calls.MOST_CALLS,
        "good invites of a call": call_invites.MOST_INVITES,
        "co-hosts of a call": calls.MOST_COHOSTS,
    }


def test_everything_that_must_hold_names_a_test() -> None:
    table = (ROOT / "docs/security.md").read_text().split("## What is tested where")[1]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]

    assert len(rows) > 20
    assert [row for row in rows if "`test_" not in row] == []
