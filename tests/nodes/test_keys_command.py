import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from web.__main__ import main


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FANLIGHT_DATA", str(tmp_path / "data"))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_keys_are_rotated_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    kids = []
    for _ in range(2):
        assert main(["keys", "rotate", "--json"]) == 0
        kids.append(json.loads(capsys.readouterr().out)["kid"])

    assert main(["keys", "list", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["kid"], row["retired_at"] is None) for row in rows] == [(kids[0], False), (kids[1], True)]


def test_after_a_leak_only_the_new_key_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    main(["keys", "rotate"])
    assert main(["keys", "rotate", "--at-once"]) == 0
    capsys.readouterr()

    assert main(["keys", "list"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert "signs" in printed


def test_keys_need_the_secret_of_the_nodes_where_there_are_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/shared.db")

    assert main(["keys", "rotate"]) == 2
    assert "FANLIGHT_SECRET" in capsys.readouterr().err
