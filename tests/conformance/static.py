"""Rules one media playlist keeps by itself, and all media playlists of a presentation keep together."""

from collections.abc import Iterator, Mapping

from tests.conformance.playlist import MediaPlaylist, MultivariantPlaylist, Segment

Found = Iterator[tuple[str, str]]

DIGIT = 0.00002
"""Decimals are printed with five digits; sums are compared with this much per term."""


def media(playlist: MediaPlaylist) -> Found:
    """Everything one playlist shows. ``playlist`` may be a delta update."""
    yield from playlist.problems
    yield from _control(playlist)
    yield from _parts(playlist)
    yield from _hints(playlist)
    yield from _life(playlist)
    yield from _dates(playlist)
    yield from _delta(playlist)


def _number(control: Mapping[str, str], name: str) -> float | None:
    return float(control[name]) if name in control else None


def _control(playlist: MediaPlaylist) -> Found:
    control, target, part_target = playlist.control or {}, playlist.target, playlist.part_target
    any_parts = any(segment.parts for segment in playlist.segments)
    hinted = any(hint.get("TYPE") == "PART" for hint in playlist.hints)
    if any_parts and part_target is None:
        yield "SC1", "parts without EXT-X-PART-INF"
    if part_target is not None and not any_parts and not hinted and not playlist.ended:
        yield "SC1", "EXT-X-PART-INF without parts"
    hold_back, part_hold_back = _number(control, "HOLD-BACK"), _number(control, "PART-HOLD-BACK")
    if part_target is not None:
        if part_hold_back is None:
            yield "SC2", "no PART-HOLD-BACK"
        elif part_hold_back < 2 * part_target - DIGIT:
            yield "SC2", f"PART-HOLD-BACK {part_hold_back} is less than two parts"
        elif part_hold_back < 3 * part_target - DIGIT:
            yield "SC3", f"PART-HOLD-BACK {part_hold_back} is less than three parts"
    if hold_back is not None and hold_back < 3 * target:
        yield "SC4", f"HOLD-BACK {hold_back} is less than three target durations"
    skip_until = _number(control, "CAN-SKIP-UNTIL")
    if skip_until is not None and skip_until < 6 * target:
        yield "SC5", f"CAN-SKIP-UNTIL {skip_until} is less than six target durations"
    if "CAN-SKIP-DATERANGES" in control and skip_until is None:
        yield "SC5", "CAN-SKIP-DATERANGES without CAN-SKIP-UNTIL"


def _parts(playlist: MediaPlaylist) -> Found:
    part_target = float("inf") if playlist.part_target is None else playlist.part_target
    end = sum(segment.length for segment in playlist.segments)
    start = 0.0
    for segment in playlist.segments:
        position = start
        for index, part in enumerate(segment.parts):
            position += part.duration
            name = f"part {segment.msn}.{index}"
            if part.duration > part_target + DIGIT:
                yield "PT1", f"{name} lasts {part.duration} s"
            followed = index + 1 < len(segment.parts)
            before_gap = followed and segment.parts[index + 1].gap
            if (
                followed
                and playlist.part_target
                and part.duration < 0.85 * part_target - DIGIT
                and not (part.independent or part.gap or before_gap)
            ):
                yield "PT2", f"{name} lasts {part.duration} s"
            if end - position > 3 * playlist.target + DIGIT:
                yield "PT8", f"{name} is still listed {end - position:.3f} s before the end"
        start += segment.length
        yield from _parent(segment)


def _parent(segment: Segment) -> Found:
    if segment.parts and segment.uri:
        total = sum(part.duration for part in segment.parts)
        if abs(total - segment.duration) > DIGIT * (len(segment.parts) + 1):
            yield "PL13" if segment.gap else "PT4", f"parts of {segment.msn} last {total:.5f} s, the segment {segment.duration:.5f} s"
        if any(part.gap for part in segment.parts) and not segment.gap:
            yield "PL13", f"segment {segment.msn} has a missing part but no EXT-X-GAP"


def _hints(playlist: MediaPlaylist) -> Found:
    kinds = [hint.get("TYPE", "") for hint in playlist.hints]
    if playlist.ended:
        if kinds:
            yield "PH8", "a preload hint beside EXT-X-ENDLIST"
        return
    for kind in set(kinds):
        if kinds.count(kind) > 1:
            yield "PH9", f"{kinds.count(kind)} hints of type {kind}"
    if playlist.part_target is not None and kinds.count("PART") == 0:
        yield "PH1", "no hint of the next part"
    listed = {part.uri for segment in playlist.segments for part in segment.parts}
    for hint in playlist.hints:
        if hint.get("TYPE") == "PART" and hint.get("URI") in listed:
            yield "PH1", f"the hinted part is already listed: {hint['URI']}"


def _life(playlist: MediaPlaylist) -> Found:
    if playlist.target < 1:
        yield "PL1", f"target duration {playlist.target}"
    for segment in playlist.complete:
        if int(segment.duration + 0.5) > playlist.target or segment.duration > playlist.target + 0.5:
            yield "PL1", f"segment {segment.msn} lasts {segment.duration} s"
    if playlist.kind == "VOD" and not playlist.ended:
        yield "PL8", "a live playlist says VOD"
    if playlist.kind == "EVENT" and playlist.media_sequence > 0:
        yield "PL8", "an EVENT playlist lost segments"
    if playlist.discontinuity_sequence is None:
        yield "PL12", "no EXT-X-DISCONTINUITY-SEQUENCE"
    if playlist.media_sequence > 0 and len(playlist.complete) + playlist.skipped < 6:
        yield "PL5", f"{len(playlist.complete)} segments in a sliding playlist"
    yield from _version(playlist)


def _version(playlist: MediaPlaylist) -> Found:
    if any(not segment.init for segment in playlist.segments):
        yield "PL10", "a segment without EXT-X-MAP"
    if any(segment.init for segment in playlist.segments) and playlist.version < 6:
        yield "PL10", f"EXT-X-MAP needs version 6, not {playlist.version}"
    needed = 10 if playlist.skip and "RECENTLY-REMOVED-DATERANGES" in playlist.skip else 9 if playlist.skip else 6
    if playlist.version > needed:
        yield "PL10S", f"version {playlist.version} is more than needed ({needed})"


def _dates(playlist: MediaPlaylist) -> Found:
    if playlist.segments and not any(segment.date is not None for segment in playlist.segments):
        yield "PL11", "no EXT-X-PROGRAM-DATE-TIME"
    expected: float | None = None
    for segment in playlist.segments:
        if segment.discontinuity:
            expected = None
            if segment.date is None:
                yield "PL11", f"no date at the discontinuity of segment {segment.msn}"
        if segment.date is not None and expected is not None and abs(segment.date - expected) >= 1:
            yield "PL11", f"the date of segment {segment.msn} is off by {segment.date - expected:.3f} s"
        if segment.date is not None:
            expected = segment.date
        if expected is not None:
            expected += segment.length


def _delta(playlist: MediaPlaylist) -> Found:
    if playlist.skip is None:
        return
    if playlist.ended:
        yield "DU2", "a delta update of an ended playlist"
    needed = 10 if "RECENTLY-REMOVED-DATERANGES" in playlist.skip else 9
    if playlist.version < needed:
        yield "DU5", f"a delta update needs version {needed}, not {playlist.version}"
    if playlist.skipped < 1:
        yield "DU3", "nothing is skipped"
    boundary = float((playlist.control or {}).get("CAN-SKIP-UNTIL", "inf"))
    kept = sum(segment.length for segment in playlist.segments)
    if kept < boundary - DIGIT:
        yield "DU3", f"only {kept:.3f} s are left, the skip boundary is {boundary} s"
    if playlist.segments and not playlist.segments[0].own_init:
        yield "DU7", "the first segment kept has no EXT-X-MAP"


def together(playlists: Mapping[str, MediaPlaylist]) -> Found:
    """Rules over all media playlists of a presentation, by address, fetched at about the same time."""
    live = {name: playlist for name, playlist in playlists.items() if playlist.segments}
    if not live:
        return
    first_name, first = next(iter(live.items()))
    for name, playlist in live.items():
        if playlist.control != first.control:
            yield "SC6", f"EXT-X-SERVER-CONTROL of {name} is not that of {first_name}"
        if playlist.target != first.target:
            yield "PL2", f"target duration of {name} is {playlist.target}, of {first_name} {first.target}"
        if playlist.kind != first.kind:
            yield "PL8", f"EXT-X-PLAYLIST-TYPE of {name} is not that of {first_name}"
    yield from _matching(live)


def _matching(live: Mapping[str, MediaPlaylist]) -> Found:
    (first_name, first), *others = live.items()
    by_number = {segment.msn: segment for segment in first.segments}
    for name, playlist in others:
        for segment in playlist.segments:
            other = by_number.get(segment.msn)
            if other is None:
                continue
            if segment.discontinuity_sequence != other.discontinuity_sequence:
                yield "PL15", f"segment {segment.msn}: discontinuity {segment.discontinuity_sequence} in {name}, not as in {first_name}"
            if segment.date is not None and other.date is not None and abs(segment.date - other.date) > 0.5:
                yield "PL15", f"segment {segment.msn} is {abs(segment.date - other.date):.3f} s apart in {name} and {first_name}"


def multivariant(playlist: MultivariantPlaylist) -> Found:
    """Rules of the multivariant playlist."""
    yield from playlist.problems
    if not playlist.variants:
        yield "MV1", "no variant"
    if not playlist.independent:
        yield "MV4", "no EXT-X-INDEPENDENT-SEGMENTS"
    for variant, uri in playlist.variants:
        yield from _variant(variant, uri)
        if "AUDIO" in variant and not any(media.get("GROUP-ID") == variant["AUDIO"] for media in playlist.media):
            yield "MV6", f"{uri}: no audio group {variant['AUDIO']}"
    yield from _groups(playlist)
    if len(playlist.variants) < 2:
        yield "MV5", "one bit rate only"
    if not playlist.iframes:
        yield "MV7", "no I-frame playlist"


def _variant(variant: Mapping[str, str], uri: str) -> Found:
    if "BANDWIDTH" not in variant:
        yield "MV1", f"{uri}: no BANDWIDTH"
    if "AVERAGE-BANDWIDTH" not in variant:
        yield "MV1", f"{uri}: no AVERAGE-BANDWIDTH"
    elif int(variant["AVERAGE-BANDWIDTH"]) > int(variant.get("BANDWIDTH", "0")):
        yield "MV1", f"{uri}: the average bandwidth is above the peak"
    codecs = variant.get("CODECS", "")
    if not codecs:
        yield "MV2", f"{uri}: no CODECS"
    if any(codec.startswith(("avc1", "hvc1", "av01")) for codec in codecs.split(",")):
        yield from _picture(variant, uri)


def _picture(variant: Mapping[str, str], uri: str) -> Found:
    if "RESOLUTION" not in variant:
        yield "MV3", f"{uri}: no RESOLUTION"
    rate = variant.get("FRAME-RATE", "")
    if not rate:
        yield "MV3", f"{uri}: no FRAME-RATE"
    elif len(rate.partition(".")[2]) > 3:
        yield "MV3", f"{uri}: FRAME-RATE {rate} has more than three decimals"
    elif float(rate) > 60:
        yield "ME5", f"{uri}: FRAME-RATE {rate}"
    if "CLOSED-CAPTIONS" not in variant:
        yield "MV8", f"{uri}: no CLOSED-CAPTIONS"


def _groups(playlist: MultivariantPlaylist) -> Found:
    groups: dict[str, int] = {}
    for media in playlist.media:
        if media.get("TYPE") != "AUDIO":
            continue
        group = media.get("GROUP-ID", "")
        groups[group] = groups.get(group, 0) + (media.get("DEFAULT") == "YES")
        for name in ("NAME", "LANGUAGE", "CHANNELS"):
            if name not in media:
                yield "MV6", f"audio of group {group} without {name}"
    for group, defaults in groups.items():
        if defaults > 1:
            yield "MV6", f"{defaults} defaults in group {group}"
