import re
import tomllib
from dataclasses import fields

from storage.model.errors import ErrorCode
from storage.settings import Settings
from tests.architecture.sources import ROOT, text, tracked
from web.errors import STATUS

LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
VERSION = re.compile(r"^## \[([^\]]+)\]", re.MULTILINE)
FIRST_COMMANDS = re.compile(r"^make \w+", re.MULTILINE)
FIRST_SCREEN = 24
"""Lines."""
ELSEWHERE = ("http://", "https://", "mailto:")


def documents() -> list[str]:
    return [name for name in tracked() if name.endswith(".md") and "node_modules" not in name]


def test_relative_links_lead_somewhere() -> None:
    dead = {
        (name, link)
        for name in documents()
        for link in LINK.findall(text(name))
        if not link.startswith(ELSEWHERE) and not (ROOT / name).parent.joinpath(link).exists()
    }

    assert dead == set()


def test_every_setting_is_documented() -> None:
    plain = {"redis_url": "REDIS_URL", "database_url": "DATABASE_URL"}
    names = {plain.get(field.name, f"FANLIGHT_{field.name.upper()}") for field in fields(Settings)}

    assert {name for name in names if f"`{name}`" not in text("docs/settings.md")} == set()


def test_no_document_names_a_setting_that_is_none() -> None:
    names = {f"FANLIGHT_{field.name.upper()}" for field in fields(Settings)}
    mentioned = {(name, word) for name in documents() for word in re.findall(r"\bFANLIGHT_[A-Z0-9_]*[A-Z0-9]\b", text(name))}

    assert {(name, word) for name, word in mentioned if word not in names and not name.startswith("CHANGELOG")} == set()


def test_every_error_code_has_a_status_and_is_explained() -> None:
    explained = text("docs/errors.md")

    assert set(STATUS) == set(ErrorCode)
    assert {code for code in ErrorCode if f"`{code}`" not in explained} == set()


def test_the_version_is_the_changelogs_newest() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]

    assert VERSION.findall(text("CHANGELOG.md"))[0] == project["version"]


def test_the_readmes_first_screen_has_exactly_the_two_commands() -> None:
    screen = "\n".join(text("README.md").splitlines()[:FIRST_SCREEN])

    assert FIRST_COMMANDS.findall(screen) == ["make run", "make test"]


def test_libraries_whose_private_names_are_used_are_pinned_and_locked_as_pinned() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    media = project["optional-dependencies"]["media"]
    pins = [*media, *(name for name in project["dependencies"] if "==" in name)]

    assert [pin.split("==")[0] for pin in pins] == ["aiortc", "aioice", "av", "hypercorn"]
    for lock in ("requirements/run.lock", "requirements/dev.lock"):
        assert [pin for pin in pins if f"\n{pin} " not in text(lock)] == []


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(name.rsplit("/", 1)[1][:4] for name in documents() if name.startswith("docs/decisions/"))

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
