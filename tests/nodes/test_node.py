import subprocess
import sys
from pathlib import Path

import pytest

from storage.model.errors import BadInput
from storage.opening import check_split
from storage.settings import Settings
from tests.nodes.instance import DEADLINE, environment
from web.command.node import parse_roles

SHARED = Settings(
    redis_url="redis://127.0.0.1:6379/0",
    database_url="postgresql://127.0.0.1/fanlight",
    s3_bucket="fanlight",
    s3_endpoint="http://127.0.0.1:8333",
    secret="x" * 32,
    relay_port=8005,
)


def node(variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "web", "node", *arguments], env=variables, capture_output=True, text=True, timeout=DEADLINE, check=False
    )


def test_an_impossible_combination_is_refused_with_every_problem_in_one_message(tmp_path: Path) -> None:
    result = node(environment(tmp_path), "--roles", "web,ingest,edge")

    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    for problem in ("REDIS_URL", "FANLIGHT_SECRET", "DATABASE_URL", "FANLIGHT_S3_BUCKET", "FANLIGHT_RELAY_PORT"):
        assert problem in result.stderr


def test_an_unknown_role_is_refused_by_name(tmp_path: Path) -> None:
    result = node(environment(tmp_path), "--roles", "web,bakery")

    assert result.returncode == 2
    assert "bakery" in result.stderr
    assert "transcoder" in result.stderr


def test_a_shared_set_of_stores_is_fine_for_every_role() -> None:
    check_split(SHARED, ["web", "ingest", "transcoder", "edge"])


@pytest.mark.parametrize(("roles", "expected"), [("edge,web", ["web", "edge"]), (" ingest ", ["ingest"]), ("web,web", ["web"])])
def test_roles_are_started_in_one_order_however_they_are_named(roles: str, expected: list[str]) -> None:
    assert parse_roles(roles) == expected


def test_one_machine_may_share_its_files_but_still_needs_the_bus_and_the_secret() -> None:
    with pytest.raises(BadInput) as refused:
        check_split(Settings(), ["web", "ingest", "transcoder", "edge"], one_machine=True)

    assert "REDIS_URL" in refused.value.detail
    assert "FANLIGHT_SECRET" in refused.value.detail
    assert "DATABASE_URL" not in refused.value.detail
