"""The checker itself: playlists and answers broken on purpose, each in one way, must be reported by exactly that rule."""

import struct
from collections.abc import Iterable

import httpx
import pytest

from tests.conformance import changes, http, static
from tests.conformance.media import parse_fragments, parse_init
from tests.conformance.playlist import parse_media, parse_multivariant
from tests.edge import boxes

HEAD = """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.0,HOLD-BACK=6.0,PART-HOLD-BACK=1.5
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:{first}
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-INDEPENDENT-SEGMENTS
"""
TAIL = """\
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{next}.1.m4s"
#EXT-X-RENDITION-REPORT:URI="../audio/media.m3u8",LAST-MSN={next},LAST-PART=0
"""


def body(first: int, count: int, *, head: str = HEAD, init: bool = True) -> str:
    """``count`` segments of 2 s from number ``first`` on, the last three with four parts each, and one part of the next."""
    text = head.format(first=first)
    for msn in range(first, first + count + 1):
        if init and msn == first:
            text += '#EXT-X-MAP:URI="init-0.mp4"\n'
        text += f"#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:{msn * 2 // 60:02}:{msn * 2 % 60:02}.000Z\n"
        if msn == first + count:
            return text + f'#EXT-X-PART:DURATION=0.5,URI="{msn}.0.m4s",INDEPENDENT=YES\n' + TAIL.format(next=msn)
        if msn >= first + count - 2:
            parts = [f'#EXT-X-PART:DURATION=0.5,URI="{msn}.{part}.m4s"' + (",INDEPENDENT=YES" if part == 0 else "") for part in range(4)]
            text += "\n".join(parts) + "\n"
        text += f"#EXTINF:2.0,\n{msn}.m4s\n"
    raise AssertionError


GOOD = body(10, 12)


def rules(found: Iterable[tuple[str, str]]) -> set[str]:
    return {rule for rule, _ in found}


def seen(text: str) -> set[str]:
    return rules(static.media(parse_media(text.encode())))


def test_a_good_playlist_breaks_nothing() -> None:
    assert seen(GOOD) == set()


def replaced(old: str, new: str, text: str = GOOD) -> str:
    assert old in text
    return text.replace(old, new, 1)


ALONE = {
    "parts without their target": ("SC1", replaced("#EXT-X-PART-INF:PART-TARGET=0.5\n", "")),
    "no part hold back": ("SC2", replaced(",PART-HOLD-BACK=1.5", "")),
    "part hold back below two parts": ("SC2", replaced("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=0.9")),
    "part hold back below three parts": ("SC3", replaced("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.2")),
    "short hold back": ("SC4", replaced(",HOLD-BACK=6.0", ",HOLD-BACK=5.0")),
    "short skip boundary": ("SC5", replaced("CAN-SKIP-UNTIL=12.0", "CAN-SKIP-UNTIL=11.0")),
    "date ranges without a boundary": ("SC5", replaced("CAN-SKIP-UNTIL=12.0", "CAN-SKIP-DATERANGES=YES")),
    "short part": ("PT2 PT4", replaced('DURATION=0.5,URI="21.1.m4s"', 'DURATION=0.4,URI="21.1.m4s"')),
    "date behind a part": (
        "PT5",
        replaced('URI="22.0.m4s",INDEPENDENT=YES\n', 'URI="22.0.m4s",INDEPENDENT=YES\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:44.000Z\n'),
    ),
    "map behind a part": ("PT5", replaced('URI="21.2.m4s"\n', 'URI="21.2.m4s"\n#EXT-X-MAP:URI="init-0.mp4"\n')),
    "old part": (
        "PT8",
        replaced(
            "#EXTINF:2.0,\n18.m4s",
            "".join(f'#EXT-X-PART:DURATION=0.5,URI="18.{n}.m4s",INDEPENDENT=YES\n' for n in range(4)) + "#EXTINF:2.0,\n18.m4s",
        ),
    ),
    "parts that do not add up": ("PT4", replaced("#EXTINF:2.0,\n21.m4s", "#EXTINF:1.9,\n21.m4s")),
    "no hint": ("PH1", replaced('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="22.1.m4s"\n', "")),
    "hint of what is there": ("PH1", replaced('TYPE=PART,URI="22.1.m4s"', 'TYPE=PART,URI="22.0.m4s"')),
    "two hints": ("PH9", replaced("#EXT-X-PRELOAD-HINT", '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="22.2.m4s"\n#EXT-X-PRELOAD-HINT')),
    "hint at the end": ("PH8", GOOD + "#EXT-X-ENDLIST\n"),
    "fractional target duration": ("PL1", replaced("TARGETDURATION:2", "TARGETDURATION:2.0")),
    "long segment": ("PL1", replaced("#EXTINF:2.0,\n15.m4s", "#EXTINF:2.6,\n15.m4s")),
    "few segments in a sliding playlist": ("PL5", body(10, 4)),
    "live VOD": ("PL8", replaced("#EXT-X-INDEPENDENT", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT")),
    "sliding EVENT": ("PL8", replaced("#EXT-X-INDEPENDENT", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-INDEPENDENT")),
    "no map": ("PL10", body(10, 12, init=False)),
    "map needs version 6": ("PL10", replaced("VERSION:6", "VERSION:5")),
    "version too high": ("PL10S", replaced("VERSION:6", "VERSION:9")),
    "no dates": ("PL11", "\n".join(line for line in GOOD.split("\n") if "DATE-TIME" not in line)),
    "date without time zone": ("PL11", replaced("T00:00:20.000Z", "T00:00:20.000")),
    "date jumps": ("PL11", replaced("T00:00:30.000Z", "T00:00:31.500Z")),
    "no discontinuity sequence": ("PL12", replaced("#EXT-X-DISCONTINUITY-SEQUENCE:0\n", "")),
    "missing part without a gap": ("PL13", replaced('URI="21.3.m4s"', 'URI="21.3.m4s",GAP=YES')),
    "byte order mark": ("HT10", "\ufeff" + GOOD),
    "control character": ("HT10", replaced("10.m4s", "10\x07.m4s")),
    "malformed attributes": ("HT10", replaced(",LAST-PART=0", ", LAST-PART=0")),
    "no header": ("HT10", GOOD.removeprefix("#EXTM3U\n")),
}


@pytest.mark.parametrize("name", ALONE)
def test_a_broken_playlist_is_reported_by_its_rule(name: str) -> None:
    expected, text = ALONE[name]
    assert seen(text) == set(expected.split())


def test_a_long_part_is_reported() -> None:
    text = replaced('DURATION=0.5,URI="22.0.m4s"', 'DURATION=0.6,URI="22.0.m4s"')
    assert seen(text) == {"PT1"}


@pytest.mark.parametrize("flag", ["INDEPENDENT=YES", "GAP=YES"])
def test_a_short_part_is_allowed_where_the_draft_allows_it(flag: str) -> None:
    text = replaced('DURATION=0.5,URI="21.1.m4s"', f'DURATION=0.3,{flag},URI="21.1.m4s"')
    text = replaced("#EXTINF:2.0,\n21.m4s", "#EXT-X-GAP\n#EXTINF:1.8,\n21.m4s", text)
    assert seen(text) == set()


def test_the_last_part_of_a_segment_may_be_short() -> None:
    text = replaced('DURATION=0.5,URI="21.3.m4s"', 'DURATION=0.1,URI="21.3.m4s"')
    assert seen(replaced("#EXTINF:2.0,\n21.m4s", "#EXTINF:1.6,\n21.m4s", text)) == set()


# Delta updates.


def delta(text: str, skipped: int, *, version: int = 9, extra: str = "") -> str:
    lines = text.split("\n")
    first = next(index for index, line in enumerate(lines) if line.startswith("#EXT-X-MAP"))
    end = [index for index, line in enumerate(lines) if line.endswith(".m4s")][skipped - 1] + 1
    kept = "\n".join([*lines[:first], f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}{extra}", lines[first], *lines[end:]])
    return kept.replace("VERSION:6", f"VERSION:{version}")


def test_a_good_delta_update_breaks_nothing_and_merges() -> None:
    old, new = parse_media(body(10, 11).encode()), parse_media(GOOD.encode())
    update = parse_media(delta(GOOD, 5).encode())
    assert rules(static.media(update)) == set()
    merged = changes.merge(old, update)
    assert merged is not None
    assert rules(changes.same(merged, new)) == set()
    assert rules(changes.between(old, merged)) == set()


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("DU5", delta(GOOD, 5, version=8)),
        ("DU5", delta(GOOD, 5, extra=',RECENTLY-REMOVED-DATERANGES=""')),
        ("DU3", delta(GOOD, 7)),
        ("DU3", replaced("#EXT-X-SKIP", "#EXT-X-SKIP:SKIPPED-SEGMENTS=5\n#EXT-X-SKIP", delta(GOOD, 5))),
        ("DU7", replaced('#EXT-X-MAP:URI="init-0.mp4"\n', "", delta(GOOD, 5))),
    ],
)
def test_a_broken_delta_update_is_reported_by_its_rule(rule: str, text: str) -> None:
    assert rule in seen(text)
    assert seen(text) <= {rule, "PL10"}


def test_a_delta_update_that_does_not_merge_into_the_full_playlist_is_reported() -> None:
    old, new = parse_media(body(10, 11).encode()), parse_media(GOOD.encode())
    for wrong, rule in (
        (replaced("T00:00:40.000Z", "T00:00:40.100Z", delta(GOOD, 5)), "DU8"),
        (replaced("SEQUENCE:10", "SEQUENCE:11", delta(GOOD, 5)), "DU4"),
    ):
        merged = changes.merge(old, parse_media(wrong.encode()))
        assert merged is not None
        assert rule in rules(changes.same(merged, new))
    assert changes.merge(parse_media(body(13, 8).encode()), parse_media(delta(GOOD, 5).encode())) is None


# One version after the other.


def test_a_window_that_slides_breaks_nothing() -> None:
    assert rules(changes.between(parse_media(GOOD.encode()), parse_media(body(11, 12).encode()))) == set()


CHANGES = {
    "media sequence falls": ("PL3", GOOD, body(9, 13)),
    "discontinuity sequence without a discontinuity": (
        "PL3",
        GOOD,
        replaced("DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1", body(11, 12)),
    ),
    "target duration changes": ("PL1", GOOD, replaced("TARGETDURATION:2", "TARGETDURATION:3", body(11, 12))),
    "part target changes": ("PL4", GOOD, replaced("PART-TARGET=0.5", "PART-TARGET=0.6", body(11, 12))),
    "a segment is edited": ("PL4", GOOD, replaced("#EXTINF:2.0,\n15.m4s", "#EXTINF:1.9,\n15.m4s", body(11, 12))),
    "a part is edited": ("PL4", GOOD, replaced('DURATION=0.5,URI="22.0.m4s"', 'DURATION=0.49,URI="22.0.m4s"', body(11, 12))),
    "the end is taken back": ("PL4", GOOD + "#EXT-X-ENDLIST\n", body(11, 12)),
    "another part than hinted": (
        "PH2",
        GOOD,
        GOOD.replace('"22.1.m4s"', '"22.1b.m4s"')
        .replace("#EXT-X-PRELOAD", '#EXT-X-PART:DURATION=0.5,URI="22.1b.m4s"\n#EXT-X-PRELOAD')
        .replace('PART,URI="22.1b', 'PART,URI="22.2'),
    ),
    "too little is left": ("PL5", GOOD, body(20, 2)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_forbidden_change_is_reported_by_its_rule(name: str) -> None:
    rule, before, after = CHANGES[name]
    assert rules(changes.between(parse_media(before.encode()), parse_media(after.encode()))) == {rule}


# Several playlists.


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("SC6", "HOLD-BACK=6.0", "HOLD-BACK=7.0"),
        ("PL2", "TARGETDURATION:2", "TARGETDURATION:3"),
        ("PL8", "#EXT-X-INDEPENDENT", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-INDEPENDENT"),
        ("PL15", "T00:00:30.000Z", "T00:00:30.700Z"),
        ("PL15", "#EXT-X-MAP", "#EXT-X-DISCONTINUITY\n#EXT-X-MAP"),
    ],
)
def test_renditions_that_disagree_are_reported(rule: str, old: str, new: str) -> None:
    good, other = parse_media(GOOD.encode()), parse_media(replaced(old, new).encode())
    assert rules(static.together({"video": good, "audio": good})) == set()
    assert rules(static.together({"video": good, "audio": other})) == {rule}


VARIANT = """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="A",LANGUAGE="en",DEFAULT=YES,CHANNELS="2",URI="audio/media.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=200,AVERAGE-BANDWIDTH=100,CODECS="avc1.42C01F,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=30.000,AUDIO="a",CLOSED-CAPTIONS=NONE
video/media.m3u8
"""


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("", "", ""),
        ("MV1", "BANDWIDTH=200,", ""),
        ("MV1", ",AVERAGE-BANDWIDTH=100", ""),
        ("MV1", "AVERAGE-BANDWIDTH=100", "AVERAGE-BANDWIDTH=300"),
        ("MV2", ',CODECS="avc1.42C01F,mp4a.40.2"', ""),
        ("MV3", ",RESOLUTION=640x360", ""),
        ("MV3", ",FRAME-RATE=30.000", ""),
        ("MV3", "30.000", "29.97003"),
        ("ME5", "30.000", "90.000"),
        ("MV4", "#EXT-X-INDEPENDENT-SEGMENTS\n", ""),
        ("MV6", ',LANGUAGE="en"', ""),
        ("MV6", 'AUDIO="a",CLOSED', 'AUDIO="b",CLOSED'),
        ("MV8", ",CLOSED-CAPTIONS=NONE", ""),
        ("HT10", 'GROUP-ID="a"', 'GROUP-ID="a'),
    ],
)
def test_a_broken_multivariant_playlist_is_reported_by_its_rule(rule: str, old: str, new: str) -> None:
    text = replaced(old, new, VARIANT) if rule else VARIANT
    found = rules(static.multivariant(parse_multivariant(text.encode()))) - {"MV5", "MV7"}
    assert found - {"MV6", "MV1"} == ({rule} if rule else set()) - {"MV6", "MV1"}
    assert rule in found | {""}


# Media.


def test_broken_media_is_reported_by_its_rule() -> None:
    good = boxes.init(video=True)
    init = parse_init(good)
    assert init.problems == []
    assert (init.handler, init.timescale, init.codec) == ("vide", 90_000, "avc1")
    part = boxes.fragment(1, 36_000, 12, 3_000, key=True)
    problems: list[tuple[str, str]] = []
    (fragment,) = parse_fragments(part, init, problems)
    assert problems == []
    assert (fragment.start, fragment.duration, fragment.samples, fragment.synced) == (36_000, 36_000, 12, True)

    assert rules(parse_init(good.replace(b"iso6", b"isom").replace(b"cmfc", b"mp42")).problems) == {"ME1"}
    assert rules(parse_init(good.replace(b"mvex", b"free")).problems) == {"ME1"}
    assert rules(parse_init(good.replace(b"avc1", b"avc3")).problems) == {"ME4"}
    assert rules(parse_init(good[:-10]).problems) == {"ME1"}
    for wrong in (
        part.replace(b"tfdt", b"free"),
        part[:-5],
        part.replace(struct.pack(">I", 0x020000), struct.pack(">I", 0)),
        part.replace(b"mdat", b"free"),
    ):
        problems = []
        parse_fragments(wrong, init, problems)
        assert rules(problems) == {"ME2"}


# HTTP.

GOOD_HEADERS = {
    "content-type": "application/vnd.apple.mpegurl",
    "content-encoding": "identity",
    "vary": "Accept-Encoding",
    "cache-control": "public, max-age=12",
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Date, Age, Content-Length",
}


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("", {}),
        ("HT1", {"vary": "Origin"}),
        ("HT4", {"cache-control": "no-store"}),
        ("HT4", {"cache-control": "max-age=3"}),
        ("HT8", {"content-type": "text/plain"}),
        ("HT11", {"access-control-allow-origin": "https://x"}),
        ("HT11", {"access-control-expose-headers": "Date"}),
        ("HT12", {"date": "Thu, 01 Jan 2026 00:01:00 GMT", "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT"}),
    ],
)
def test_a_broken_answer_is_reported_by_its_rule(rule: str, changed: dict[str, str]) -> None:
    headers = {**GOOD_HEADERS, **changed}
    response = httpx.Response(200, headers=headers, request=httpx.Request("GET", "http://x/"), content=b"")
    response.headers["content-encoding"] = "gzip"
    assert rules(http.playlist(response, 2, blocking=True)) == ({rule} if rule else set())


def test_a_redirect_is_reported() -> None:
    response = httpx.Response(302, headers={**GOOD_HEADERS, "location": "http://y/"}, request=httpx.Request("GET", "http://x/"))
    assert rules(http.media(response, 2)) == {"HT7", "PL7"}


def test_an_answer_that_is_not_compressed_is_reported() -> None:
    response = httpx.Response(200, headers=GOOD_HEADERS, request=httpx.Request("GET", "http://x/"), content=b"")
    assert rules(http.playlist(response, 2, blocking=True)) == {"HT1"}
