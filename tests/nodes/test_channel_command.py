import json
from pathlib import Path

import pytest

from web.__main__ import COMMANDS, main


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANLIGHT_DATA", str(tmp_path / "data"))


def test_a_channel_can_be_made_before_anything_ran_and_its_key_is_all_that_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["channel", "create", "garden", "--title", "The garden"])

    printed = capsys.readouterr().out
    assert status == 0
    assert printed.startswith("fl_")
    assert printed.count("\n") == 1


def test_a_channel_of_the_same_name_is_refused_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    main(["channel", "create", "garden"])
    capsys.readouterr()

    status = main(["channel", "create", "garden"])

    captured = capsys.readouterr()
    assert (status, captured.out, captured.err.count("\n")) == (1, "", 1)


@pytest.mark.parametrize("name", ["Garden", "../garden", "", "a" * 33])
def test_a_name_that_is_none_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["channel", "create", name]) == 2
    assert "lower-case" in capsys.readouterr().err


def test_keys_are_added_and_revoked_together(capsys: pytest.CaptureFixture[str]) -> None:
    main(["channel", "create", "garden", "--json"])
    main(["channel", "key", "garden", "--json"])
    first, second = (json.loads(line)["key"] for line in capsys.readouterr().out.splitlines())

    main(["channel", "revoke", "garden", "--json"])
    main(["channel", "revoke", "garden", "--json"])

    assert first != second
    assert [json.loads(line)["revoked"] for line in capsys.readouterr().out.splitlines()] == [2, 0]


def test_a_key_of_a_channel_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert [main(["channel", action, "garden"]) for action in ("key", "revoke")] == [1, 1]
    assert capsys.readouterr().err.count("no such channel") == 2


def test_channels_are_listed_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("yard", "garden"):
        main(["channel", "create", name, "--title", f"The {name}"])
    capsys.readouterr()

    main(["channel", "list"])
    main(["channel", "list", "--json"])

    *lines, rows = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["garden", "yard"]
    assert [(row["name"], row["title"]) for row in json.loads(rows)] == [("garden", "The garden"), ("yard", "The yard")]


def test_the_database_can_be_migrated_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert [main(["migrate"]), main(["migrate"])] == [0, 0]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])

    assert left.value.code == 0
    assert COMMANDS[command].split()[0] in capsys.readouterr().out
