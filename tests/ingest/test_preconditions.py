import pytest

from ingest import preconditions
from ingest.fragment import parse_fragment
from ingest.ice import IceCredentials
from ingest.rate_limit import MOST_KEYS, RateLimit
from ingest.state import Observation, SessionState, judge
from storage.model.broadcast import PublishEnd
from storage.model.errors import BadInput, ErrorCode, FanlightError

TAG = '"a1b2"'


@pytest.mark.parametrize(
    ("condition", "refusal"),
    [
        (None, ErrorCode.PRECONDITION_REQUIRED),
        ("*", None),
        (" * ", None),
        (TAG, None),
        (f'"other", {TAG}', None),
        (f"{TAG},", None),
        ('"other"', ErrorCode.PRECONDITION_FAILED),
        (f"W/{TAG}", ErrorCode.PRECONDITION_FAILED),
        ("a1b2", ErrorCode.PRECONDITION_FAILED),
        ('"a1b2', ErrorCode.PRECONDITION_FAILED),
        ('"A1B2"', ErrorCode.PRECONDITION_FAILED),
        ("", ErrorCode.PRECONDITION_FAILED),
    ],
)
def test_a_patch_passes_only_with_the_current_tag_or_a_star(condition: str | None, refusal: ErrorCode | None) -> None:
    if refusal is None:
        preconditions.check(condition, TAG)
        return
    with pytest.raises(FanlightError) as refused:
        preconditions.check(condition, TAG)
    assert refused.value.code is refusal


@pytest.mark.parametrize(
    ("headers", "condition"),
    [
        ({}, None),
        ({"If-Match": TAG}, TAG),
        ({"ETag": TAG}, TAG),
        ({"If-Match": "*", "ETag": TAG}, "*"),
    ],
)
def test_one_clients_etag_header_is_read_as_its_precondition(headers: dict[str, str], condition: str | None) -> None:
    assert preconditions.if_match(headers) == condition


CREDENTIALS = "a=ice-ufrag:abcd\r\na=ice-pwd:" + "x" * 22 + "\r\n"
CANDIDATE = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"


@pytest.mark.parametrize(
    ("text", "credentials"),
    [
        (CREDENTIALS + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n" + CANDIDATE, IceCredentials("abcd", "x" * 22)),
        (CREDENTIALS, IceCredentials("abcd", "x" * 22)),
        (CANDIDATE, None),
        ("m=audio 9 RTP/AVP 0\r\na=mid:video0\r\n" + CANDIDATE, None),
        ("a=candidate:1 0 udp 1 [fe80::1] 9 typ host\r\na=end-of-candidates\r\n", None),
        ("a=candidate:1 1 carrier-pigeon 1 nowhere.invalid 9 typ coop\n", None),
        (CREDENTIALS + "m=audio 9 X 0\r\na=mid:0\r\n" + CREDENTIALS + "m=audio 9 X 0\r\na=mid:1\r\n", IceCredentials("abcd", "x" * 22)),
    ],
)
def test_fragments_of_every_shape_are_read(text: str, credentials: IceCredentials | None) -> None:
    assert parse_fragment(text) == credentials


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "v=0\r\n",
        "a=ice-ufrag:abcd\r\n",
        "a=ice-pwd:" + "x" * 22,
        "a=ice-ufrag:a b\r\na=ice-pwd:" + "x" * 22,
        CREDENTIALS + CREDENTIALS.replace("abcd", "efgh"),
        CANDIDATE + "\0",
        CANDIDATE * 1000,
    ],
)
def test_a_broken_fragment_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_fragment(text)
    assert refused.value.code is ErrorCode.BAD_SDP


@pytest.mark.parametrize(
    ("seen", "state", "reason"),
    [
        (Observation(silent_for=0.0), SessionState.LIVE, None),
        (Observation(silent_for=1.9), SessionState.LIVE, None),
        (Observation(silent_for=2.0), SessionState.SILENT, None),
        (Observation(silent_for=4.9), SessionState.SILENT, None),
        (Observation(silent_for=5.0), SessionState.ENDED, PublishEnd.SILENT),
        (Observation(silent_for=0.1, closed=True), SessionState.SILENT, None),
        (Observation(silent_for=0.1, said_goodbye=True), SessionState.SILENT, None),
        (Observation(silent_for=5.0, said_goodbye=True), SessionState.ENDED, PublishEnd.SILENT),
        (Observation(silent_for=0.1, said_goodbye=True, closed=True), SessionState.SILENT, None),
    ],
)
def test_a_session_is_judged_by_its_media(seen: Observation, state: SessionState, reason: PublishEnd | None) -> None:
    assert judge(seen) == (state, reason)


def test_a_key_may_burst_and_then_has_its_rate() -> None:
    limit = RateLimit(burst=3, per_minute=6)
    assert [limit.take("a", 100.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert limit.take("a", 100.0) == pytest.approx(10.0)
    assert limit.take("b", 100.0) == 0.0
    assert limit.take("a", 110.0) == 0.0
    assert limit.take("a", 110.0) > 0


def test_the_rate_limit_forgets_the_key_used_longest_ago() -> None:
    limit = RateLimit(burst=1, per_minute=1)
    for number in range(MOST_KEYS + 1):
        limit.take(str(number), 0.0)
    assert limit.take("0", 0.0) == 0.0
    assert limit.take(str(MOST_KEYS), 0.0) > 0
