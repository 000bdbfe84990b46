"""The checker against an edge whose answers are spoiled on the way, each in one way: the rule broken must be named, and no other.

All watch the same broadcast at the same time. Where breaking one rule cannot but break another, both are expected.
"""

import asyncio
import itertools
import re
import struct
from collections.abc import Callable
from urllib.parse import urljoin

import pytest

from tests.conformance.hls import Report, watch
from tests.conformance.proxy import Answer, Fault, spoiling
from tests.edge.process import EdgeProcess
from tests.edge.publisher import Publisher

pytestmark = pytest.mark.real_time

SECONDS = 6.0
_counter = itertools.count()
PART, HINT = (re.compile(rf'^#EXT-X-{tag}:.*\bURI="([^"]+)"', re.MULTILINE) for tag in ("PART", "PRELOAD-HINT"))


def playlists(change: Callable[[str], str]) -> Fault:
    def spoil(answer: Answer) -> None:
        if answer.is_playlist and answer.status == 200:
            answer.body = change(answer.body.decode()).encode()

    return Fault(spoil=spoil)


def header(name: str, value: str | None, *, kind: Callable[[Answer], bool] = lambda answer: answer.is_playlist) -> Fault:
    def spoil(answer: Answer) -> None:
        if kind(answer) and answer.status == 200:
            answer.headers.pop(name, None)
            if value is not None:
                answer.headers[name] = value

    return Fault(spoil=spoil)


def instead(status: int, when: Callable[[Answer], bool]) -> Fault:
    def spoil(answer: Answer) -> None:
        if when(answer):
            answer.status = status

    return Fault(spoil=spoil)


def bytes_of(kind: Callable[[Answer], bool], change: Callable[[bytes], bytes]) -> Fault:
    def spoil(answer: Answer) -> None:
        if kind(answer) and answer.status == 200:
            answer.body = change(answer.body)

    return Fault(spoil=spoil)


def later(data: bytes) -> bytes:
    """A fragment whose decode time is one tick off."""
    at = data.index(b"tfdt") + 8
    return data[:at] + struct.pack(">Q", struct.unpack_from(">Q", data, at)[0] + 1) + data[at + 8 :]


def longer(data: bytes) -> bytes:
    """A fragment whose first sample lasts a tenth of a second longer than it should."""
    at = data.index(b"trun") + 16
    return data[:at] + struct.pack(">I", struct.unpack_from(">I", data, at)[0] + 9_000) + data[at + 4 :]


def without(text: str, start: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.startswith(start))


def reports_lag(text: str) -> str:
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if line.startswith("#EXT-X-RENDITION-REPORT"):
            lines[index] = line.partition("LAST-MSN")[0] + "LAST-MSN=0,LAST-PART=0"
    return "\n".join(lines)


def plainly(path: str) -> str:
    """Blocking directives are thrown away."""
    return path.partition("?")[0] if "_HLS_msn" in path else path


def is_far(answer: Answer) -> bool:
    return answer.status == 400 and "_HLS_msn=" in answer.path and not answer.path.endswith(("=NaN", "=-1", "=x"))


def other_hold_back(answer: Answer) -> None:
    if "/audio/" in answer.path:
        answer.body = answer.body.replace(b",HOLD-BACK=9.0", b",HOLD-BACK=9.5")


def low_bandwidth(text: str) -> str:
    return text.replace("AVERAGE-BANDWIDTH=378000", "AVERAGE-BANDWIDTH=1000").replace("BANDWIDTH=450000", "BANDWIDTH=2000")


def hints_lead_nowhere() -> Fault:
    """Hinted parts are not found by whoever asks before a playlist lists them; asked for again they are."""
    hinted: set[str] = set()
    early: set[str] = set()
    spent: set[str] = set()

    def ask(path: str) -> str:
        if path in hinted and path not in spent:
            early.add(path)
            spent.add(path)
        return path

    def spoil(answer: Answer) -> None:
        if answer.is_playlist and answer.status == 200:
            text = answer.body.decode()
            hinted.update(urljoin(answer.path, uri) for uri in HINT.findall(text))
            spent.update(urljoin(answer.path, uri) for uri in PART.findall(text))
        elif answer.path in early:
            early.discard(answer.path)
            answer.status = 404

    return Fault(ask=ask, spoil=spoil)


def is_third(answer: Answer) -> bool:
    return answer.is_part and answer.path.endswith(".2.m4s")


def more(data: bytes) -> bytes:
    return data + struct.pack(">I4s", 8, b"free")


# Rules that must be named, rules that may be beside them, the fault.
CASES: dict[str, tuple[str, str, Fault]] = {
    "nothing": ("", "", Fault()),
    "reloads do not block": ("BR1", "BR2 BR3 BR6 BR9 BR10 DU1 HT4 PT6", Fault(ask=plainly)),
    "old numbers are refused": ("BR4", "", instead(400, lambda answer: answer.path.endswith(("_HLS_msn=0", "_HLS_msn=0&_HLS_part=0")))),
    "a part without a number is answered": ("BR5", "", Fault(ask=lambda path: path.removesuffix("?_HLS_part=0"))),
    "far numbers are not found": ("BR6", "", instead(404, is_far)),
    "nonsense is answered": ("BR9", "", Fault(ask=lambda path: path.partition("?")[0] if "NaN" in path else path)),
    "answers differ": ("BR10", "", playlists(lambda text: f"{text}# {next(_counter)}\n")),
    "unknown parameters are refused": ("BR11", "", instead(400, lambda answer: "_foo" in answer.path)),
    "delta updates are never given": ("DU1", "", Fault(ask=lambda path: path.replace("&_HLS_skip=YES", ""))),
    "hinted parts are not found": ("PH3", "", hints_lead_nowhere()),
    "unknown addresses are answered": ("PH6", "", instead(200, lambda answer: "never-listed" in answer.path)),
    "segments are not their parts": ("PT4", "", bytes_of(lambda answer: answer.is_segment, more)),
    "time jumps": ("ME3", "PT4", bytes_of(is_third, later)),
    "samples last longer than said": ("PL14", "ME3 PT4", bytes_of(is_third, longer)),
    "no reports": ("RR1", "", playlists(lambda text: without(text, "#EXT-X-RENDITION-REPORT"))),
    "absolute reports": ("RR2", "RR1", playlists(lambda text: text.replace('REPORT:URI="..', 'REPORT:URI="http://127.0.0.1/hls/x'))),
    "reports without a part": ("RR3", "RR1", playlists(lambda text: text.replace(",LAST-PART=", ",X-PART="))),
    "stale reports": ("RR4", "", playlists(reports_lag)),
    "slow playlists": ("PT6", "PT7 PH3", Fault(delay=3.0)),
    "no compression": ("HT1", "", header("content-encoding", None)),
    "no word on caching": ("HT4", "", header("cache-control", None)),
    "redirects": ("HT7", "PL7", instead(302, lambda answer: answer.is_segment and answer.status == 200)),
    "wrong type": ("HT8", "", header("content-type", "text/plain", kind=lambda answer: answer.is_part)),
    "no cross-origin": ("HT11", "", header("access-control-allow-origin", None)),
    "servers disagree": ("SC6", "", Fault(spoil=other_hold_back)),
    "peak above what is said": ("MV1", "", playlists(low_bandwidth)),
}
AT_ONCE = 6


async def test_each_fault_is_named_and_no_other(edge: EdgeProcess, publisher: Publisher) -> None:
    await publisher.segments(20)

    async def one(name: str, fault: Fault) -> tuple[str, Report]:
        async with spoiling(edge.url, fault) as address:
            return name, await watch(
                f"{address}{publisher.index}", seconds=SECONDS, probes=not fault.delay, jitter=0.5 if fault.delay else 4
            )

    names = list(CASES)
    reports = []
    async with asyncio.TaskGroup() as tasks:
        live = tasks.create_task(publisher.live(120))
        for start in range(0, len(names), AT_ONCE):
            reports += await asyncio.gather(*(one(name, CASES[name][2]) for name in names[start : start + AT_ONCE]))
        live.cancel()
    wrong = []
    for name, report in reports:
        must, may, _ = CASES[name]
        found = report.findings.rules
        if not set(must.split()) <= found or not found <= set(must.split()) | set(may.split()):
            wrong.append(f"{name}: expected {must or 'nothing'}, found {sorted(found)}\n{report}")
    assert not wrong, "\n".join(wrong)
