"""docs/limits.md names a test for every limit; a renamed test must not leave it lying."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_named_beside_a_limit_exists() -> None:
    page = (ROOT / "docs/limits.md").read_text()
    defined = {name for file in (ROOT / "tests").glob("*/**/test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())}

    named = set(re.findall(r"`(test_\w+)`", page))

    assert named - defined == set()


def test_every_limit_names_a_test() -> None:
    page = (ROOT / "docs/limits.md").read_text()

    for section in page.split("\n## ")[1:]:
        assert "`test_" in section, section.splitlines()[0]
