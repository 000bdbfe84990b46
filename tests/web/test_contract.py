"""What is answered is what is described; the whole of it is ``python -m tests.bench.contract``."""

import pytest

from tests.fixtures.valkey import Valkey
from tests.web.exploring import explored

CASES = 3
"""For each route."""


@pytest.mark.timeout(240)
async def test_no_case_finds_a_defect_or_an_answer_that_is_not_described(valkey: Valkey) -> None:
    async with explored(valkey.url) as site:
        findings = await site.explore(CASES)
    assert findings.wrong == {}
    assert sum(findings.cases.values()) > 100
