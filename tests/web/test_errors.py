import ast
import re
from pathlib import Path

import msgspec
import pytest

import web.errors
from storage.model.errors import BadInput, ErrorCode, FanlightError, Refused, Unavailable
from web.errors import STATUS, answer

DOCS = Path(__file__).parents[2] / "docs" / "errors.md"


def test_every_code_has_a_status_that_says_error() -> None:
    assert set(STATUS) == set(ErrorCode)
    assert all(400 <= status <= 599 for status in STATUS.values())


def test_every_code_has_its_status_once() -> None:
    source = ast.parse(Path(web.errors.__file__).read_text())
    tables = [node for node in ast.walk(source) if isinstance(node, ast.Dict) and len(node.keys) > 10]
    keys = [ast.unparse(key) for table in tables for key in table.keys if key]
    assert len(keys) == len(set(keys)) == len(ErrorCode)


def test_every_code_is_explained_with_its_status() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \|", DOCS.read_text(), flags=re.MULTILINE))
    assert rows == {str(code): str(status) for code, status in STATUS.items()}


@pytest.mark.parametrize("code", list(ErrorCode))
def test_an_answer_is_a_problem_with_its_code(code: ErrorCode) -> None:
    body, status, headers = answer(FanlightError(code, "What happened."))
    problem = msgspec.json.decode(body)
    assert headers["Content-Type"] == "application/problem+json"
    assert (problem["code"], problem["status"], problem["detail"]) == (str(code), status, "What happened.")
    assert problem["type"] == f"urn:fanlight:error:{code}"


def test_a_401_names_the_scheme() -> None:
    _, status, headers = answer(Refused(ErrorCode.KEY_REFUSED, "No."))
    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Bearer")


def test_what_is_unavailable_says_when_to_come_back() -> None:
    _, status, headers = answer(Unavailable(ErrorCode.INGEST_FULL, "Full.", retry_after=4.6))
    assert (status, headers["Retry-After"]) == (503, "5")


def test_data_for_programs_travels_along() -> None:
    body, _, _ = answer(BadInput(ErrorCode.BAD_SDP, "No.", line=7))
    assert msgspec.json.decode(body)["data"] == {"line": 7}
