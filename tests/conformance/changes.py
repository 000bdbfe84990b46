"""Rules between one version of a media playlist and the next."""

from collections.abc import Iterator

from tests.conformance.playlist import MediaPlaylist, Segment

Found = Iterator[tuple[str, str]]


def merge(before: MediaPlaylist, delta: MediaPlaylist) -> MediaPlaylist | None:
    """Lay a delta update over the playlist before it (section 6.3.7), or nothing if that can't be done."""
    if delta.skip is None:
        return delta
    first = delta.media_sequence - before.media_sequence
    kept = before.segments[first : first + delta.skipped] if first >= 0 else []
    if len(kept) != delta.skipped or any(not segment.uri for segment in kept):
        return None
    merged = MediaPlaylist(**{**vars(delta), "skip": None, "problems": [], "segments": [*kept, *delta.segments]})
    counted = delta.discontinuity_sequence or 0
    for segment in merged.segments:
        counted += segment.discontinuity
        segment.discontinuity_sequence = counted
    return merged


def same(left: MediaPlaylist, right: MediaPlaylist) -> Found:
    """DU8: a merged delta update against the full playlist of the same version."""
    if (left.media_sequence, left.discontinuity_sequence) != (right.media_sequence, right.discontinuity_sequence):
        yield "DU4", "a delta update has other sequence numbers than the full playlist"
    if len(left.segments) == len(right.segments):
        # Parts may leave the list between the two versions a merge is made of; where both have them, they must agree.
        for one, other in zip(left.segments, right.segments, strict=True):
            if not (one.parts and other.parts):
                one.parts = other.parts = []
    mine, theirs = [_essence(one) for one in left.segments], [_essence(one) for one in right.segments]
    if mine != theirs:
        odd = next((pair for pair in zip(mine, theirs, strict=False) if pair[0] != pair[1]), (len(mine), len(theirs)))
        yield "DU8", f"a merged delta update is not the full playlist: {odd}"


def between(before: MediaPlaylist, after: MediaPlaylist) -> Found:
    """What may not change from one version to the next. Both whole, not deltas."""
    if after.target != before.target:
        yield "PL1", f"target duration changed from {before.target} to {after.target}"
    if after.part_target != before.part_target:
        yield "PL4", f"part target changed from {before.part_target} to {after.part_target}"
    if before.ended and not after.ended:
        yield "PL4", "EXT-X-ENDLIST is gone again"
    removed = after.media_sequence - before.media_sequence
    if removed < 0:
        yield "PL3", f"media sequence fell from {before.media_sequence} to {after.media_sequence}"
        return
    yield from _sequence(before, after, removed)
    yield from _segments(before, after)
    yield from _hint(before, after)


def _sequence(before: MediaPlaylist, after: MediaPlaylist, removed: int) -> Found:
    gone = before.segments[:removed]
    if removed > len(before.segments):
        return
    if any(not segment.uri for segment in gone):
        yield "PT9", "a segment was removed before it was complete"
    expected = (before.discontinuity_sequence or 0) + sum(segment.discontinuity for segment in gone)
    if (after.discontinuity_sequence or 0) != expected:
        yield "PL3", f"discontinuity sequence is {after.discontinuity_sequence} where {expected} were removed"
    left = sum(segment.length for segment in after.segments)
    if removed and left < 3 * after.target:
        yield "PL5", f"{left:.3f} s are left, less than three target durations"


def _segments(before: MediaPlaylist, after: MediaPlaylist) -> Found:
    now = {segment.msn: segment for segment in after.segments}
    last = after.segments[-1].msn if after.segments else after.media_sequence - 1
    for old in before.segments:
        new = now.get(old.msn)
        if new is None:
            if old.msn >= after.media_sequence or old.msn > last:
                yield "PL4", f"segment {old.msn} vanished from the end"
            continue
        if old.uri and _fixed(old) != _fixed(new):
            yield "PL4", f"segment {old.msn} changed from {_fixed(old)} to {_fixed(new)}"
        if not old.uri and (old.init, old.date, old.discontinuity) != (new.init, new.date, new.discontinuity):
            yield "PL4", f"segment {old.msn} changed while it grew"
        if new.parts and new.parts[: len(old.parts)] != old.parts[: len(new.parts)]:
            yield "PL4", f"parts of segment {old.msn} changed"
        if old.parts and new.parts and len(new.parts) < len(old.parts):
            yield "PT9", f"segment {old.msn} lost some of its parts"
        if not new.uri and not new.parts:
            yield "PT9", f"segment {old.msn} lost its parts while it was open"


def _hint(before: MediaPlaylist, after: MediaPlaylist) -> Found:
    """PH2: what was hinted is the next part listed."""
    hint = next((hint.get("URI") for hint in before.hints if hint.get("TYPE") == "PART"), None)
    known = {part.uri for segment in before.segments for part in segment.parts}
    # A segment begun before and since done may have dropped out of the listing; parts are only compared where they are listed.
    added = [part.uri for segment in after.segments if segment.msn >= _growing(before) for part in segment.parts if part.uri not in known]
    if hint and added and added[0] != hint:
        yield "PH2", f"{hint} was hinted, {added[0]} came"


def _growing(playlist: MediaPlaylist) -> int:
    if not playlist.segments:
        return playlist.media_sequence
    newest = playlist.segments[-1]
    return newest.msn + 1 if newest.uri else newest.msn


def _fixed(segment: Segment) -> tuple[object, ...]:
    return segment.uri, segment.duration, segment.discontinuity, segment.init, segment.date, segment.gap


def _essence(segment: Segment) -> tuple[object, ...]:
    return segment.msn, *_fixed(segment), tuple((part.uri, part.duration, part.independent, part.gap) for part in segment.parts)
