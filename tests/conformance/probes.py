"""Requests no good player makes, to see them refused; and some it could make, to see them honoured."""

import asyncio

from tests.conformance import http
from tests.conformance.playlist import parse_media
from tests.conformance.presentation import Presentation
from tests.conformance.track import Track


async def probe(presentation: Presentation, *, within: float) -> None:
    """Once all playlists have been seen to move, try the directives of section 6.2.5 on each. Waits at most ``within`` seconds for that."""
    ticks = round(within / 0.1)
    for _ in range(ticks):
        if all(track.versions > 1 or track.ended for track in presentation.tracks.values()):
            break
        await asyncio.sleep(0.1)
    for track in presentation.tracks.values():
        if track.latest is not None and track.low_latency and not track.latest.ended:
            await _refused(presentation, track)
            await _honoured(presentation, track)
    await _options(presentation)


async def _refused(presentation: Presentation, track: Track) -> None:
    wrong = [
        ("BR5", "_HLS_part=0", "_HLS_part without _HLS_msn"),
        ("BR6", "_HLS_msn={far}", "a number far ahead"),
        ("BR6", "_HLS_msn={next}&_HLS_part={beyond}", "a part far ahead"),
        ("BR6", "_HLS_msn=99999999999999999999999", "an absurd number"),
        ("BR9", "_HLS_msn=-1", "a negative number"),
        ("BR9", "_HLS_msn=NaN", "no number"),
        ("BR9", "_HLS_msn={last}&_HLS_part=x", "no part number"),
    ]
    for rule, query, what in wrong:
        # Asked for anew each time: what is far ahead now may be there in a while.
        latest = parse_media((await presentation.get(track.url))[0].content)
        last = latest.last[0] if latest.last else latest.media_sequence
        part_target = latest.part_target or 1.0
        limit = -int(-3 // part_target) if part_target < 1 else 3
        directives = query.format(far=last + 50, next=last + 1, beyond=50 * limit, last=last)
        response, seconds = await presentation.get(f"{track.url}?{directives}")
        presentation.findings.extend(track.url, http.refusal(response, {400}, rule, what, seconds))
    response, seconds = await presentation.get(f"{track.url.rpartition('/')[0]}/never-listed.m4s")
    presentation.findings.extend(track.url, http.refusal(response, {404, 410}, "PH6", "an address nobody listed", seconds))


async def _honoured(presentation: Presentation, track: Track) -> None:
    add = presentation.findings.add
    latest = track.latest
    assert latest is not None
    for rule, query in (
        ("BR4", f"_HLS_msn={max(0, latest.media_sequence - 1)}"),
        ("BR4", "_HLS_msn=0&_HLS_part=0"),
        ("BR11", "_foo=1&bar"),
    ):
        response, seconds = await presentation.get(f"{track.url}?{query}")
        if response.status_code != 200 or seconds > http.AT_ONCE or b"#EXT-X-SKIP" in response.content:
            add(rule, track.url, f"{query}: status {response.status_code} after {seconds:.1f} s")
    finished = latest.complete[-1] if latest.complete else None
    if finished is not None and finished.parts:
        response, _ = await presentation.get(f"{track.url}?_HLS_msn={finished.msn}&_HLS_part={len(finished.parts)}")
        found = parse_media(response.content)
        if response.status_code != 200 or not found.last or found.last < (finished.msn + 1, 0):
            add("BR3", track.url, f"part {len(finished.parts)} of {finished.msn}: status {response.status_code}, playlist at {found.last}")
    # The segment behind the one that grows now: it can't be there for a while.
    now = parse_media((await presentation.get(track.url))[0].content)
    msn = (now.last[0] if now.last else 0) + 1
    pair = await asyncio.gather(*(presentation.get(f"{track.url}?_HLS_msn={msn}") for _ in range(2)))
    found = parse_media(pair[0][0].content)
    if pair[0][0].status_code == 200 and not found.ended and not any(segment.msn >= msn for segment in found.complete):
        add("BR1", track.url, f"_HLS_msn={msn} was answered before segment {msn} was complete")
    if pair[0][0].content != pair[1][0].content:
        add("BR10", track.url, "two requests held for the same thing were answered differently")


async def _options(presentation: Presentation) -> None:
    for url in presentation.tracks:
        response = await presentation.client.request(
            "OPTIONS",
            url,
            headers={"origin": "https://player.example", "access-control-request-method": "GET", "access-control-request-headers": "range"},
        )
        if response.status_code // 100 != 2 or "access-control-allow-origin" not in response.headers:
            presentation.findings.add("HT11", url, f"preflight: status {response.status_code}")
