"""One-time passwords as RFC 6238 has them, and never twice."""

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.second_factor import enrolment_uri, matching_step, new_recovery_codes, new_secret, recovery_digest

# RFC 6238 appendix B, SHA-1, the last six of its eight digits.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("now", "code"),
    [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"), (2_000_000_000, "279037")],
)
def test_the_codes_of_the_standard_are_taken(now: int, code: str) -> None:
    assert matching_step(SECRET, code, now, 0) == now // 30
    assert matching_step(SECRET, f"{code[:3]} {code[3:]}", now, 0) == now // 30


def test_a_clock_may_be_a_little_off() -> None:
    now = 1_800_000_000
    code = pyotp.TOTP(SECRET).at(now)
    assert [matching_step(SECRET, code, now + away, 0) is not None for away in (-60, -30, 0, 30, 60)] == [False, True, True, True, False]


def test_a_code_counts_once() -> None:
    now = 1_800_000_000
    step = matching_step(SECRET, pyotp.TOTP(SECRET).at(now), now, 0)
    assert step is not None
    assert matching_step(SECRET, pyotp.TOTP(SECRET).at(now), now, step) is None
    assert matching_step(SECRET, pyotp.TOTP(SECRET).at(now - 30), now, step) is None


@given(st.text())
def test_junk_is_no_code(code: str) -> None:
    if not code.strip().isdigit():
        assert matching_step(SECRET, code, 1_800_000_000, 0) is None


def test_an_authenticator_is_told_what_it_needs() -> None:
    secret = new_secret()
    parsed = pyotp.parse_uri(enrolment_uri(secret, "jo", "Fanlight"))
    assert (parsed.secret, parsed.name, parsed.issuer) == (secret, "jo", "Fanlight")


def test_recovery_codes_are_told_apart_and_read_as_people_type() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(len(code) == 11 for code in codes)
    typed = codes[0].upper().replace("-", " ")
    assert recovery_digest("a", typed) == recovery_digest("a", codes[0])
    assert recovery_digest("b", codes[0]) != recovery_digest("a", codes[0])
