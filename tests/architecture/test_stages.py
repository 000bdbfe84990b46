"""Which stage of ``scripts/test`` a test runs in (docs/testing.md)."""

import re

from tests.architecture.sources import python_files, text

INSTANCE = re.compile(r"^from tests\.(?:fixtures\.platform|e2e\.probe|clients\.publishers) import", re.MULTILINE)
MARK = re.compile(r"pytest\.mark\.(?:browser|clients|faults|real_time|alone)\b")


def test_what_runs_a_whole_instance_is_not_among_the_quick_tests() -> None:
    modules = [name for name in python_files("tests") if name.rsplit("/", 1)[1].startswith("test_") and INSTANCE.search(text(name))]

    assert len(modules) > 10
    assert [name for name in modules if not MARK.search(text(name))] == []
