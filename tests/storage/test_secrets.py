import hashlib
import hmac
import json
import secrets as random
from collections.abc import Mapping

import jwt
import pytest

from storage import secrets
from storage.model.errors import ErrorCode, Refused
from storage.model.ids import SessionId

SECRET = "a secret of the tests"
SESSION = SessionId("ingest-1.00")
NOW = 1_800_000_000


class Clock:
    def __init__(self, seconds: float = NOW) -> None:
        self.seconds = seconds

    def unix_ns(self) -> int:
        return int(self.seconds * 1e9)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def test_stream_keys_are_160_random_bits_that_survive_copying() -> None:
    keys = {secrets.new_stream_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert all(len(key) == 35 and key.startswith("fl_") and key[3:].isalnum() and key == key.lower() for key in keys)


@pytest.mark.parametrize("key", ["", "fl_x", "ü", "\udcff", "\x00", "x" * 100_000])
def test_any_text_has_a_digest(key: str) -> None:
    assert len(secrets.digest(key)) == 32


def test_a_digest_is_found_among_others_and_not_among_none() -> None:
    digests = [secrets.digest(str(number)) for number in range(5)]
    assert secrets.is_one_of(secrets.digest("3"), digests)
    assert not secrets.is_one_of(secrets.digest("7"), digests)
    assert not secrets.is_one_of(secrets.digest("3"), [])


def test_a_relay_token_opens_its_session_for_a_minute_and_the_clocks_difference() -> None:
    token = secrets.relay_token(SECRET, SESSION, Clock())
    for later in (0, 59, secrets.RELAY_TOKEN_LIFE + secrets.LEEWAY, -3600):
        secrets.check_relay_token(SECRET, token, SESSION, Clock(NOW + later))
    with pytest.raises(Refused):
        secrets.check_relay_token(SECRET, token, SESSION, Clock(NOW + secrets.RELAY_TOKEN_LIFE + secrets.LEEWAY + 1))


def forged(claims: object, *, header: Mapping[str, object] | None = None, key: bytes = b"") -> str:
    def part(value: object) -> bytes:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        return jwt.utils.base64url_encode(data)

    head = part(header or {"alg": "HS256", "typ": "JWT"}) + b"." + part(claims)
    return (head + b"." + part(hmac.new(key, head, hashlib.sha256).digest())).decode()


GOOD: dict[str, object] = {"aud": "fanlight-relay", "sub": SESSION, "exp": NOW + 60}


BAD_CLAIMS: list[object] = [
    {**GOOD, "aud": "other"},
    {**GOOD, "exp": "soon"},
    {**GOOD, "exp": None},
    {**GOOD, "exp": float("inf")},
    {**GOOD, "sub": 7},
    {key: value for key, value in GOOD.items() if key != "exp"},
    {key: value for key, value in GOOD.items() if key != "aud"},
    {key: value for key, value in GOOD.items() if key != "sub"},
    [],
    b"\xff\xfe",
]


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "....",
        "\udcff",
        "x" * 1_000_000,
        secrets.relay_token("another secret", SESSION, Clock()),
        secrets.relay_token(SECRET, SessionId("ingest-1.01"), Clock()),
        forged(GOOD, header={"alg": "none"}),
        forged(GOOD, key=SECRET.encode()),
        forged(GOOD, key=b""),
        *(forged(claims, key=secrets._signing_key(SECRET)) for claims in BAD_CLAIMS),
        *(
            forged(GOOD, header=header, key=secrets._signing_key(SECRET))
            for header in ({"alg": "HS512"}, {"alg": "RS256"}, {"alg": "HS256", "crit": ["x"], "x": 1}, {"typ": "JWT"})
        ),
    ],
)
def test_no_other_token_opens_anything(token: str) -> None:
    with pytest.raises(Refused) as raised:
        secrets.check_relay_token(SECRET, token, SESSION, Clock())
    assert raised.value.code == ErrorCode.KEY_REFUSED
    assert raised.value.detail == "The token is not valid."


def test_a_token_with_any_byte_changed_opens_nothing() -> None:
    token = secrets.relay_token(SECRET, SESSION, Clock())
    for _ in range(200):
        position = random.randbelow(len(token) - 1)
        other = "A" if token[position] != "A" else "B"
        with pytest.raises(Refused):
            secrets.check_relay_token(SECRET, token[:position] + other + token[position + 1 :], SESSION, Clock())
