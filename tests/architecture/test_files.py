import re

import pytest

from tests.architecture.sources import PACKAGES, python_files, text, tracked

LONGEST = 600
"""Lines. A file of 400 smells, one of 600 has two nouns."""
WRITTEN_BY_A_PROGRAM = "web/frontend/src/lib/rest.ts"
"""By ``web.typescript``: it grows with the interface."""
REGISTRY = re.compile(
    r"(?:registry\.npmjs|registry\.yarnpkg|pypi\.org|pythonhosted|files\.python|--(?:extra-)?index-url|--find-links)", re.IGNORECASE
)
PINNED_LINE = re.compile(r"^[a-z0-9][a-z0-9._-]*==\S+(?: ; [^\\]+)? \\$|^    --hash=sha256:[0-9a-f]{64}(?: \\)?$", re.MULTILINE)


def test_no_source_file_is_long() -> None:
    names = [*python_files(*PACKAGES, "tests"), *(name for name in tracked() if name.endswith((".ts", ".css", ".html", ".mjs")))]

    assert {name: lines for name in names if (lines := text(name).count("\n")) > LONGEST and name != WRITTEN_BY_A_PROGRAM} == {}


@pytest.mark.parametrize("name", ["requirements/run.lock", "requirements/dev.lock", "requirements/audit.lock"])
def test_a_lock_holds_exact_versions_with_hashes_and_nothing_else(name: str) -> None:
    lines = text(name).splitlines()

    assert [line for line in lines if not PINNED_LINE.fullmatch(line)] == []


def test_no_lock_or_configuration_names_a_registry() -> None:
    names = [
        name
        for name in tracked()
        if name.startswith(("requirements/", "scripts/", ".ci/", "deploy/"))
        or name.rsplit("/", 1)[-1] in {"package.json", "package-lock.json", ".npmrc", "pyproject.toml", "Makefile", "Dockerfile"}
    ]

    assert {name: found[0] for name in names if (found := REGISTRY.search(text(name)))} == {}


def test_scripts_can_be_run() -> None:
    names = [name for name in tracked() if name.startswith("scripts/") or name == ".ci/run"]

    assert names
    assert [name for name in names if not text(name).startswith("#!")] == []


LEAST = {"h11": (0, 16), "werkzeug": (3, 0, 6), "aiortc": (1, 16), "pyjwt": (2, 10), "cryptography": (44,), "pillow": (11, 3)}
"""Below these are holes that are known and reach us."""


@pytest.mark.parametrize("name", ["requirements/run.lock", "requirements/dev.lock"])
def test_no_lock_goes_back_behind_a_hole_that_was_closed(name: str) -> None:
    pinned = dict(re.findall(r"^([a-z0-9._-]+)==([0-9.]+)", text(name), re.MULTILINE))

    assert {of: pinned.get(of) for of, least in LEAST.items() if tuple(map(int, pinned.get(of, "0").split("."))) < least} == {}
