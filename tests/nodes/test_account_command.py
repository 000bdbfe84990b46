import asyncio
import json
import re
from pathlib import Path

import pytest

from storage.model.account import AccountState
from storage.model.ids import AccountName
from storage.model.one_time import Purpose
from storage.opening import open_storage
from storage.settings import Settings
from web.__main__ import main
from web.first_operator import first_operator_link

LINK = re.compile(r"http://127\.0\.0\.1:8000/reset#token=([A-Za-z0-9_-]{32})\n")


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FANLIGHT_DATA", str(tmp_path / "data"))
    return Settings(data=tmp_path / "data")


def test_an_account_can_be_made_before_anything_ran_and_its_link_is_all_that_is_printed(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["account", "create", "ada"])

    printed = LINK.fullmatch(capsys.readouterr().out)
    assert status == 0
    assert printed is not None

    async def chooses() -> None:
        async with open_storage(settings) as storage:
            account = await storage.registration.reset_password(printed[1], "$hash")
            assert account.name == "ada"

    asyncio.run(chooses())


def test_an_operator_is_made_by_command_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["account", "create", "admin", "--operator", "--json"])
    main(["account", "create", "ada", "--json", "--email", "ada@example.org"])
    made = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["account"], one["role"]) for one in made] == [("admin", "operator"), ("ada", "user")]

    main(["account", "list", "--json"])
    listed = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["role"], one["email"]) for one in listed] == [("ada", "user", "ada@example.org"), ("admin", "operator", None)]

    main(["account", "list"])
    assert re.search(r"^ada +\d{4}-\d\d-\d\d  user +active +ada$", capsys.readouterr().out, re.MULTILINE)


def test_a_new_link_ends_the_one_before(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    main(["account", "create", "ada"])
    main(["account", "reset", "ada"])
    first, second = LINK.findall(capsys.readouterr().out)

    async def valid() -> list[bool]:
        async with open_storage(settings) as storage:
            found = []
            for token in (first, second):
                try:
                    await storage.one_time.look(Purpose.RESET, token)
                    found.append(True)
                except Exception:
                    found.append(False)
            return found

    assert asyncio.run(valid()) == [False, True]


def test_somebody_is_shut_out_and_let_in_again(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    async def state() -> tuple[AccountState, int]:
        async with open_storage(settings) as storage:
            found = await storage.accounts.by_name(AccountName("ada"))
            return found.state, found.generation

    main(["account", "create", "ada"])
    assert main(["account", "ban", "ada"]) == 0
    assert asyncio.run(state()) == (AccountState.BANNED, 2)
    assert main(["account", "unban", "ada"]) == 0
    assert asyncio.run(state()) == (AccountState.ACTIVE, 3)
    assert capsys.readouterr().out.splitlines()[1:] == ["ada is banned.", "ada is active."]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["create", "Ada"], 2),
        (["create", "boss"], 1),
        (["create", "ada", "--email", "nobody"], 2),
        (["reset", "nobody"], 1),
        (["ban", "nobody"], 1),
        (["ban", "boss"], 1),
    ],
)
def test_what_can_not_be_done_is_said_in_one_sentence(words: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    main(["account", "create", "boss", "--operator"])
    capsys.readouterr()

    assert main(["account", *words]) == status
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)


def test_there_is_a_link_for_the_first_operator_until_there_is_one(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    async def link() -> str:
        async with open_storage(settings) as storage:
            settings.data.mkdir(exist_ok=True)
            await storage.database.migrate()
            return await first_operator_link(storage, settings)

    assert re.fullmatch(r"http://127\.0\.0\.1:8000/signup#setup=[A-Za-z0-9_-]{32}", asyncio.run(link()))
    main(["account", "create", "boss", "--operator"])
    capsys.readouterr()
    assert asyncio.run(link()) == ""
