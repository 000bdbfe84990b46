"""What is answered is what is described; the whole of it is ``python -m tests.bench.contract``."""

import pytest

from tests.fixtures.valkey import Valkey
from tests.web.exploring import explored

CASES = 3
"""For each route."""
WALKS = 15


@pytest.mark.timeout(240)
async def test_no_case_finds_a_defect_or_an_answer_that_is_not_described(valkey: Valkey) -> None:
    async with explored(valkey.url) as site:
        findings = await site.explore(CASES)
    assert findings.wrong == {}
    assert sum(findings.cases.values()) > 100


@pytest.mark.timeout(120)
async def test_what_was_made_is_read_changed_and_deleted_along_the_links(valkey: Valkey) -> None:
    async with explored(valkey.url) as site:
        findings = await site.follow(WALKS)
    assert findings.wrong == {}
    assert findings.cases[201] >= WALKS
    assert findings.cases[204] > 0
