"""Tokens: every type opens its own door only, and forty hostile ones are told the same nothing."""

import base64
import hmac
import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from storage.key_ring import KeyRing, SigningKey
from storage.model.errors import Refused, Unavailable
from storage.model.token import LEEWAY, LONGEST_LIFE, PublicKey, TokenType
from storage.tokens import LONGEST, Tokens
from tests.storage.hand_clock import HandClock

START = 1_800_000_000
DOORS = list(TokenType)
PRIVATE = Ed25519PrivateKey.generate()
STRANGER = Ed25519PrivateKey.generate()
RETIRED = Ed25519PrivateKey.generate()


def public(kid: str, private: Ed25519PrivateKey, *, retired: datetime | None = None) -> PublicKey:
    return PublicKey(kid, private.public_key().public_bytes_raw(), datetime.fromtimestamp(START - 86_400, UTC), retired)


def keys(clock: HandClock) -> KeyRing:
    ring = KeyRing(clock)
    long_ago = datetime.fromtimestamp(START, UTC) - timedelta(days=30)
    ring.replace([public("now", PRIVATE), public("old", RETIRED, retired=long_ago)], SigningKey("now", PRIVATE))
    return ring


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


@pytest.fixture
def tokens(clock: HandClock) -> Tokens:
    return Tokens(keys(clock), clock)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", DOORS)
def test_a_token_opens_the_door_of_its_type_only(tokens: Tokens, kind: TokenType, door: TokenType) -> None:
    token = tokens.issue(kind, "somebody", 30, channel="demo", generation=3)
    if kind is not door:
        with pytest.raises(Refused):
            tokens.read(door, token)
        return
    found = tokens.read(door, token)
    assert (found.subject, found.issued, found.expires) == ("somebody", START, START + 30)
    assert found.claims == {"channel": "demo", "generation": 3}


@pytest.mark.parametrize("kind", DOORS)
def test_no_token_lives_longer_than_its_type_may(tokens: Tokens, clock: HandClock, kind: TokenType) -> None:
    token = tokens.issue(kind, "somebody", 10**9)
    life = LONGEST_LIFE[kind].total_seconds()
    assert tokens.read(kind, token).expires == START + life
    clock.turn(life + LEEWAY.total_seconds() - 1)
    tokens.read(kind, token)
    clock.turn(1)
    with pytest.raises(Refused):
        tokens.read(kind, token)


@pytest.mark.parametrize(("seconds", "good"), [(-29, True), (-31, False), (29, True), (31 + 600, False)])
def test_clocks_may_be_half_a_minute_apart(tokens: Tokens, clock: HandClock, seconds: int, good: bool) -> None:
    token = tokens.issue(TokenType.ACCESS, "somebody", 600)
    clock.turn(seconds)
    if good:
        tokens.read(TokenType.ACCESS, token)
    else:
        with pytest.raises(Refused):
            tokens.read(TokenType.ACCESS, token)


def encoded(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


HEADER: dict[str, Any] = {"alg": "EdDSA", "typ": "fanlight-access+jwt", "kid": "now"}
CLAIMS: dict[str, Any] = {
    "iss": "fanlight",
    "aud": "fanlight:access",
    "typ": "access",
    "exp": START + 600,
    "nbf": START,
    "iat": START,
    "sub": "somebody",
    "jti": "one",
}


def signed(header: object = HEADER, claims: object = CLAIMS, key: Ed25519PrivateKey = PRIVATE) -> str:
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(key.sign(text.encode()))}"


def without(name: str) -> str:
    return signed(claims={key: value for key, value in CLAIMS.items() if key != name})


def changed(**claims: object) -> str:
    return signed(claims=CLAIMS | claims)


def headed(**header: object) -> str:
    return signed(header=HEADER | header)


def by_secret(algorithm: str, digest: str) -> str:
    """The classic confusion: the public key's bytes used as a shared secret."""
    text = f"{encoded(HEADER | {'alg': algorithm})}.{encoded(CLAIMS)}"
    raw = PRIVATE.public_key().public_bytes_raw()
    return f"{text}.{encoded(hmac.digest(raw, text.encode(), digest))}"


def by_library(algorithm: str, key: Any) -> str:
    return jwt.encode(CLAIMS, key, algorithm=algorithm, headers={"kid": "now", "typ": HEADER["typ"]})


def spliced() -> str:
    first, second = signed(), changed(sub="somebody else")
    head, _, signature = first.split(".")
    return f"{head}.{second.split('.')[1]}.{signature}"


HOSTILE: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "a dot": lambda: ".",
    "two dots": lambda: "..",
    "words": lambda: "let me in",
    "unicode": lambda: "é" * 50,
    "a lone surrogate": lambda: "\udcff.a.b",
    "NUL": lambda: "\x00".join(signed().split(".")),
    "a line break behind": lambda: signed() + "\n",
    "blanks around": lambda: f" {signed()} ",
    "a stream key": lambda: "fl_" + "a" * 32,
    "one megabyte": lambda: "A" * 1_000_000,
    "one megabyte of claims": lambda: changed(x="A" * 1_000_000),
    "just too long": lambda: changed(x="A" * LONGEST),
    "four segments": lambda: signed() + ".AAAA",
    "the signature written another way": lambda: signed()[:-1] + chr(ord(signed()[-1]) + 1),
    "padding": lambda: signed() + "=",
    "alg none": lambda: f"{encoded(HEADER | {'alg': 'none'})}.{encoded(CLAIMS)}.",
    "alg None with a signature": lambda: headed(alg="None"),
    "alg eddsa": lambda: headed(alg="eddsa"),
    "alg a list": lambda: headed(alg=["EdDSA"]),
    "HS256 with the public key": lambda: by_secret("HS256", "sha256"),
    "HS512 with the public key": lambda: by_secret("HS512", "sha512"),
    "RS256": lambda: by_library("RS256", rsa.generate_private_key(65537, 2048)),
    "ES256": lambda: by_library("ES256", ec.generate_private_key(ec.SECP256R1())),
    "another's key under our kid": lambda: signed(key=STRANGER),
    "the signature of other claims": spliced,
    "no signature": lambda: signed().rpartition(".")[0] + "." + "A" * 86,
    "an unknown kid": lambda: headed(kid="unknown"),
    "a retired kid": lambda: signed(header=HEADER | {"kid": "old"}, key=RETIRED),
    "a kid that is a path": lambda: headed(kid="../../../../dev/null"),
    "a kid that is SQL": lambda: headed(kid="' OR 1=1 --"),
    "a kid that is a number": lambda: headed(kid=1),
    "a kid that is an object": lambda: headed(kid={"$ne": ""}),
    "no kid": lambda: signed(header={"alg": "EdDSA", "typ": HEADER["typ"]}),
    "jku": lambda: headed(jku="https://evil.example/keys"),
    "x5u": lambda: headed(x5u="https://evil.example/certificate"),
    "jwk": lambda: headed(jwk={"kty": "OKP", "crv": "Ed25519", "x": encoded(STRANGER.public_key().public_bytes_raw())}),
    "crit": lambda: headed(crit=["exp"]),
    "zip": lambda: headed(zip="DEF"),
    "b64 false": lambda: headed(b64=False, crit=["b64"]),
    "a type of nobody's": lambda: headed(typ="JWT"),
    "another type's header": lambda: headed(typ="fanlight-refresh+jwt"),
    "a header that is a list": lambda: signed(header=[HEADER]),
    "a header with a name twice": lambda: signed(header=b'{"alg":"none","alg":"EdDSA","typ":"fanlight-access+jwt","kid":"now"}'),
    "a deep header": lambda: signed(header=b"[" * 500 + b"]" * 500),
    "claims that are a list": lambda: signed(claims=[CLAIMS]),
    "claims that are no JSON": lambda: signed(claims=b"{"),
    "claims that are not UTF-8": lambda: signed(claims=b'{"sub":"\xff"}'),
    "a claim twice": lambda: signed(claims=json.dumps(CLAIMS)[:-1].encode() + b',"sub":"operator"}'),
    **{f"no {name}": lambda name=name: without(name) for name in CLAIMS},  # type: ignore[misc] # a lambda's default
    "over": lambda: changed(exp=START - 31, nbf=START - 600, iat=START - 600),
    "not yet": lambda: changed(nbf=START + 31),
    "from the future": lambda: changed(iat=START + 31),
    "for ever": lambda: changed(exp=START + 10**9),
    "longer than an access token may": lambda: changed(exp=START + 601),
    "exp as a text": lambda: changed(exp=str(START + 600)),
    "exp as a fraction": lambda: changed(exp=START + 600.5),
    "exp as infinity": lambda: signed(claims=json.dumps(CLAIMS | {"exp": float("inf")}).encode()),
    "exp as true": lambda: changed(exp=True),
    "exp as null": lambda: changed(exp=None),
    "exp as a huge number": lambda: changed(exp=10**400),
    "another issuer": lambda: changed(iss="fanlight.evil.example"),
    "another audience": lambda: changed(aud="fanlight:refresh"),
    "a list of audiences": lambda: changed(aud=["fanlight:access", "fanlight:refresh"]),
    "a refresh token's claims": lambda: changed(typ="refresh"),
    "a subject that is a number": lambda: changed(sub=1),
    "a subject of nothing": lambda: changed(sub=""),
}


def test_the_hostile_tokens_are_many_and_differ_from_a_good_one_in_what_they_say_only(tokens: Tokens) -> None:
    assert len(HOSTILE) >= 40
    assert tokens.read(TokenType.ACCESS, signed()).subject == "somebody"


@pytest.mark.parametrize("name", HOSTILE)
def test_every_hostile_token_is_told_the_same(tokens: Tokens, name: str) -> None:
    with pytest.raises(Refused) as refused:
        tokens.read(TokenType.ACCESS, HOSTILE[name]())
    assert (str(refused.value), refused.value.data, refused.value.__cause__) == ("token_refused: The token is not valid.", {}, None)


def test_a_refusal_is_over_soon_whatever_was_shown(tokens: Tokens) -> None:
    def seconds(token: str) -> float:
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            with pytest.raises(Refused):
                tokens.read(TokenType.ACCESS, token)
            taken.append(time.perf_counter() - began)
        return statistics.median(taken)

    slowest = {name: seconds(make()) for name, make in HOSTILE.items()}
    assert {name: taken for name, taken in slowest.items() if taken > 0.25} == {}


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: f"{encoded(raw)}.{encoded(raw)}.{'A' * 86}"))
def test_no_text_is_a_token(text: str) -> None:
    clock = HandClock(START)
    with pytest.raises(Refused):
        Tokens(keys(clock), clock).read(TokenType.ACCESS, text)


@given(st.integers(min_value=0, max_value=len(signed()) - 1), st.characters(codec="ascii"))
def test_a_token_changed_anywhere_is_refused(place: int, letter: str) -> None:
    clock = HandClock(START)
    token = signed()
    broken = token[:place] + letter + token[place + 1 :]
    if broken == token:
        return
    with pytest.raises(Refused):
        Tokens(keys(clock), clock).read(TokenType.ACCESS, broken)


def test_who_only_verifies_can_not_issue(clock: HandClock) -> None:
    ring = KeyRing(clock)
    ring.replace([public("now", PRIVATE)])
    verifying = Tokens(ring, clock)
    assert verifying.read(TokenType.ACCESS, signed()).subject == "somebody"
    with pytest.raises(Unavailable):
        verifying.issue(TokenType.ACCESS, "somebody", 60)
