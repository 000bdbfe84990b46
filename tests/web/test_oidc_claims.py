"""What a provider says is believed only where it proves it: every way an ID token or a try can be wrong."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from storage.clock import Clock
from storage.model.errors import BadInput, ErrorCode
from storage.model.ids import account_name
from storage.sealing import Sealer
from web.oidc.attempt import LIFE, local_path, new_attempt, seal, unseal
from web.oidc.claims import has_key, name_from, read_id_token
from web.oidc.provider import Provider, parse_providers

PROVIDER = Provider("works", "Works", "https://id.example", "fanlight", "the client's secret, of 32 bytes or more")
NONCE = "the nonce"
NOW = 1_800_000_000
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
KEYS = {
    "keys": [
        RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"kid": "one", "use": "sig"},
        ECAlgorithm.to_jwk(CURVE.public_key(), as_dict=True) | {"kid": "two", "alg": "ES256"},
        RSAAlgorithm.to_jwk(OTHER.public_key(), as_dict=True) | {"kid": "sealed", "use": "enc"},
    ]
}
CLAIMS: dict[str, Any] = {
    "iss": PROVIDER.issuer,
    "sub": "12",
    "aud": PROVIDER.client_id,
    "exp": NOW + 300,
    "iat": NOW - 1,
    "nonce": NONCE,
    "preferred_username": "Jo",
    "email": "jo@example.org",
    "email_verified": True,
}


def token(key: Any = KEY, algorithm: str = "RS256", *, header: dict[str, Any] | None = None, without: str = "", **claims: Any) -> str:
    said = {name: value for name, value in (CLAIMS | claims).items() if name != without}
    return jwt.encode(said, key, algorithm=algorithm, headers={"kid": "one"} | (header or {}))


@pytest.mark.parametrize("good", [token(), token(CURVE, "ES256", header={"kid": "two"}), token(aud=["fanlight", "other"], azp="fanlight")])
def test_a_good_token_says_who_somebody_is(good: str) -> None:
    person = read_id_token(good, KEYS, PROVIDER, NONCE, NOW)
    assert (person.subject, person.name, person.email) == ("12", "Jo", "jo@example.org")


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(lambda: jwt.encode(CLAIMS, "", algorithm="none"), id="alg none"),
        pytest.param(
            lambda: jwt.encode(CLAIMS, PROVIDER.client_secret, algorithm="HS256", headers={"kid": "one"}), id="signed with our secret"
        ),
        pytest.param(lambda: token(OTHER), id="another key under its name"),
        pytest.param(lambda: token(OTHER, header={"kid": "sealed"}), id="a key that is not for signatures"),
        pytest.param(lambda: token(header={"kid": "three"}), id="an unknown key"),
        pytest.param(lambda: token(header={"kid": "two"}), id="a key of another kind"),
        pytest.param(lambda: token(header={"crit": ["exp"]}), id="crit"),
        pytest.param(lambda: token(iss="https://evil.example"), id="another issuer"),
        pytest.param(lambda: token(iss=PROVIDER.issuer + "/"), id="almost the issuer"),
        pytest.param(lambda: token(aud="somebody"), id="for somebody else"),
        pytest.param(lambda: token(aud=["fanlight", "other"]), id="for several, without azp"),
        pytest.param(lambda: token(azp="other"), id="asked for by somebody else"),
        pytest.param(lambda: token(exp=NOW - 31), id="over"),
        pytest.param(lambda: token(iat=NOW - 700), id="old"),
        pytest.param(lambda: token(iat=NOW + 3600), id="of tomorrow"),
        pytest.param(lambda: token(nonce="another"), id="another nonce"),
        pytest.param(lambda: token(without="nonce"), id="no nonce"),
        pytest.param(lambda: token(without="sub"), id="nobody"),
        pytest.param(lambda: token(sub=""), id="an empty subject"),
        pytest.param(lambda: token(sub="x" * 256), id="a long subject"),
        pytest.param(lambda: token(exp="soon"), id="a time that is none"),
        pytest.param(lambda: token(pad="x" * 20_000), id="too long"),
        pytest.param(lambda: token()[:-6] + "AAAAAA", id="a changed signature"),
        pytest.param(lambda: "not.a.token", id="no token"),
        pytest.param(lambda: "", id="nothing"),
    ],
)
def test_a_token_that_proves_nothing_is_refused_in_the_same_words(bad: Callable[[], str]) -> None:
    with pytest.raises(BadInput) as refused:
        read_id_token(bad(), KEYS, PROVIDER, NONCE, NOW)
    assert refused.value.code is ErrorCode.EXTERNAL_SIGN_IN_FAILED
    assert refused.value.detail == "The answer of Works is not valid. Begin again."


def test_an_address_nobody_checked_is_not_taken_for_theirs() -> None:
    assert read_id_token(token(email_verified=False), KEYS, PROVIDER, NONCE, NOW).email is None
    assert read_id_token(token(email_verified="true"), KEYS, PROVIDER, NONCE, NOW).email is None


def test_keys_are_read_again_only_for_a_name_that_is_not_among_them() -> None:
    assert has_key(KEYS, token())
    assert not has_key(KEYS, token(header={"kid": "new"}))
    assert has_key(KEYS, "junk")


@given(st.text())
def test_whatever_a_provider_calls_somebody_an_account_can_be_named_after_it(said: str) -> None:
    assert account_name(name_from(said))


class Still(Clock):
    """A clock that stands."""

    def __init__(self) -> None:
        self.seconds = NOW

    def unix_ns(self) -> int:
        return self.seconds * 1_000_000_000

    def monotonic(self) -> float:
        return float(self.seconds)

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


SEALER = Sealer("a secret of the tests", "oidc")


def test_a_try_comes_back_to_the_browser_that_began_it() -> None:
    clock = Still()
    attempt = new_attempt("works", "/studio?channel=a", "", clock)
    assert unseal(seal(attempt, SEALER), "works", attempt.state, SEALER, clock) == attempt


@pytest.mark.parametrize("what", ["no cookie", "junk", "another state", "another provider", "another secret", "too late", "changed"])
def test_a_try_that_was_not_begun_here_is_refused(what: str) -> None:
    clock = Still()
    attempt = new_attempt("works", "/", "", clock)
    cookie: str | None = seal(attempt, SEALER)
    state, provider, sealer = attempt.state, "works", SEALER
    assert cookie is not None
    match what:
        case "no cookie":
            cookie = None
        case "junk":
            cookie = "zz"
        case "another state":
            state = "Größe"
        case "another provider":
            provider = "evil"
        case "another secret":
            sealer = Sealer("another secret", "oidc")
        case "too late":
            clock.seconds += LIFE + 1
        case _:
            cookie = cookie[:-2] + ("00" if cookie[-2:] != "00" else "11")
    with pytest.raises(BadInput, match="Begin again"):
        unseal(cookie, provider, state, sealer, clock)


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/watch/main", "/watch/main"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/" + "x" * 600, "/"),
        ("", "/"),
    ],
)
def test_nobody_is_led_to_another_site_afterwards(wanted: str, path: str) -> None:
    assert local_path(wanted) == path


def test_providers_are_told_by_one_setting() -> None:
    found = parse_providers(["works|Works|https://id.example|fanlight|secret", "home|At home|http://localhost:9000/realm|a|b"])
    assert [provider.label for provider in found.values()] == ["Works", "At home"]
    assert "secret" not in repr(found["works"])


@pytest.mark.parametrize(
    "line",
    [
        "works",
        "works|Works|https://id.example|fanlight|",
        "Works|Works|https://a|b|c",
        "a|A|http://id.example|b|c",
        "a|A|https://id.example?x|b|c",
    ],
)
def test_a_provider_that_can_not_be_one_is_refused_without_its_secret(line: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_providers([line.replace("|c", "|hush")])
    assert refused.value.code is ErrorCode.SETTINGS_INVALID
    assert "hush" not in refused.value.detail
