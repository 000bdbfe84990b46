"""Playlists as text: the multivariant one and the media ones, for low-latency players and, without the low-latency tags, for all others."""

from collections.abc import Iterator, Mapping
from enum import Enum

from storage.bus.messages import BroadcastInfo, RenditionInfo
from storage.model.rendition import RenditionName
from transcoder.hls import tags
from transcoder.hls.window import RenditionWindow, Segment

PARTS_LISTED = 3
"""Parts further from the end than this many target durations are no longer listed (section 6.2.2)."""
SKIP_BOUNDARY = 6
"""CAN-SKIP-UNTIL in target durations, the smallest allowed (section 4.4.3.8)."""
HOLD_BACK = 3
"""HOLD-BACK in target durations and, unless said, PART-HOLD-BACK in part targets (section 4.4.3.8; Apple's authoring rule 14.3)."""


class Skip(Enum):
    """What a client's ``_HLS_skip`` asks to leave out (section 6.2.5.1): nothing, old segments, or those and old date ranges."""

    NO = ""
    SEGMENTS = "YES"
    DATE_RANGES = "v2"


def init_uri(init: int) -> str:
    """An init segment's address, below the broadcast's folder."""
    return f"init-{init}.mp4"


def segment_uri(msn: int) -> str:
    """A segment's address, below the broadcast's folder."""
    return f"{msn}.m4s"


def part_uri(msn: int, part: int) -> str:
    """A part's address, below the broadcast's folder."""
    return f"{msn}.{part}.m4s"


def render_media(
    window: RenditionWindow,
    *,
    part_target: float,
    target_duration: int,
    low_latency: bool,
    hold_back: float = HOLD_BACK,
    prefix: str = "",
    siblings: Mapping[str, RenditionWindow] | None = None,
    skip: Skip = Skip.NO,
) -> str:
    """A media playlist.

    Plain playlists (``low_latency`` false) list the complete segments that are stored, up to the first one that is not.
    ``prefix`` stands before every address of this rendition's media (``<broadcast>/`` at the edge). ``siblings`` are all
    other renditions by the address of their media playlist relative to this one. ``part_target`` and ``target_duration`` in seconds,
    ``hold_back`` (PART-HOLD-BACK) in parts: at least two, and three where players must never wait for a late part.
    """
    lines = (
        _low_latency(window, part_target, target_duration, hold_back=hold_back, prefix=prefix, siblings=siblings or {}, skip=skip)
        if low_latency
        else _plain(window, target_duration, prefix)
    )
    return "\n".join(str(line) for line in lines) + "\n"


def render_multivariant(info: BroadcastInfo, *, prefix: str = "") -> str:
    """The multivariant playlist. ``prefix`` stands before each rendition's address.

    A broadcast with picture and sound lists its sound as an audio group of the one variant; with sound alone, as the variant.
    """
    renditions = {rendition.name: rendition for rendition in info.renditions}
    video, audio = renditions.get(RenditionName.VIDEO), renditions.get(RenditionName.AUDIO)
    lines: list[object] = ["#EXTM3U", tags.Version(6), tags.IndependentSegments()]
    if video and audio:
        lines.append(tags.Media("AUDIO", "audio", "Audio", media_uri(audio.name, prefix), "und", audio.channels))
    variant = video or audio
    if variant:
        lines.append(_variant(variant, audio if video else None, prefix))
    return "\n".join(str(line) for line in lines) + "\n"


def media_uri(rendition: RenditionName, prefix: str = "") -> str:
    """A rendition's media playlist, relative to the multivariant playlist."""
    return f"{prefix}{rendition}/media.m3u8"


def _variant(variant: RenditionInfo, audio: RenditionInfo | None, prefix: str) -> tags.StreamInf:
    return tags.StreamInf(
        uri=media_uri(variant.name, prefix),
        bandwidth=variant.bandwidth + (audio.bandwidth if audio else 0),
        average_bandwidth=variant.average_bandwidth + (audio.average_bandwidth if audio else 0),
        codecs=",".join(rendition.codecs for rendition in (variant, audio) if rendition),
        resolution=(variant.width, variant.height) if variant.width else None,
        frame_rate=variant.frame_rate,
        audio="audio" if audio else None,
    )


def _head(version: int, target_duration: int) -> Iterator[object]:
    yield "#EXTM3U"
    yield tags.Version(version)
    yield tags.TargetDuration(target_duration)


def _sequences(window: RenditionWindow) -> Iterator[object]:
    yield tags.MediaSequence(window.media_sequence)
    yield tags.DiscontinuitySequence(window.discontinuity_sequence)
    yield tags.IndependentSegments()


def _plain(window: RenditionWindow, target_duration: int, prefix: str) -> Iterator[object]:
    yield from _head(6, target_duration)
    yield from _sequences(window)
    init, complete = None, True
    for segment in window.segments:
        complete = segment.complete and (segment.stored or segment.gap)
        if not complete:
            break
        yield from _before(segment, init, prefix)
        yield from _after(segment, prefix)
        init = segment.init
    if window.ended and complete:
        yield tags.EndList()


def _low_latency(
    window: RenditionWindow,
    part_target: float,
    target_duration: int,
    *,
    hold_back: float,
    prefix: str,
    siblings: Mapping[str, RenditionWindow],
    skip: Skip,
) -> Iterator[object]:
    skipped = 0 if skip is Skip.NO or window.ended else _beyond(window, SKIP_BOUNDARY * target_duration)
    yield from _head(6 if not skipped else 9 if skip is Skip.SEGMENTS else 10, target_duration)
    yield tags.ServerControl(SKIP_BOUNDARY * target_duration, HOLD_BACK * target_duration, hold_back * part_target)
    yield tags.PartInf(part_target)
    yield from _sequences(window)
    if skipped:
        yield tags.Skip(skipped, removed_date_ranges="" if skip is Skip.DATE_RANGES else None)
    with_parts = _first_with_parts(window, PARTS_LISTED * target_duration)
    init = None
    for index in range(skipped, len(window.segments)):
        segment = window.segments[index]
        yield from _before(segment, init, prefix)
        if index >= with_parts:
            for number, part in enumerate(segment.parts):
                yield tags.Part(part.duration, prefix + part_uri(segment.msn, number), part.independent, part.gap)
        if segment.complete:
            yield from _after(segment, prefix)
        init = segment.init
    if window.ended:
        yield tags.EndList()
    else:
        yield from _hints(window, init, prefix)
    for uri, sibling in siblings.items():
        if sibling.last_part is not None:
            yield tags.RenditionReport(uri, *sibling.last_part)


def _before(segment: Segment, init: int | None, prefix: str) -> Iterator[object]:
    if segment.discontinuity:
        yield tags.Discontinuity()
    if segment.init != init:
        yield tags.Map(prefix + init_uri(segment.init))
    yield tags.ProgramDateTime(segment.program_ms)


def _after(segment: Segment, prefix: str) -> Iterator[object]:
    if segment.gap:
        yield tags.Gap()
    yield tags.ExtInf(segment.duration, prefix + segment_uri(segment.msn))


def _hints(window: RenditionWindow, init: int | None, prefix: str) -> Iterator[object]:
    if init is not None and window.init != init and window.open_segment is None:
        yield tags.PreloadHint("MAP", prefix + init_uri(window.init))
    yield tags.PreloadHint("PART", prefix + part_uri(*window.next_part))


def _beyond(window: RenditionWindow, boundary: float) -> int:
    """How many segments end further than ``boundary`` seconds before the end of the last complete one."""
    behind = 0.0
    for index in range(len(window.segments) - 1, -1, -1):
        if behind > boundary:
            return index + 1
        if window.segments[index].complete:
            behind += window.segments[index].duration
    return 0


def _first_with_parts(window: RenditionWindow, reach: float) -> int:
    """Index of the first segment that begins at most ``reach`` seconds before the end: from it on, parts are listed."""
    behind = 0.0
    for index in range(len(window.segments) - 1, -1, -1):
        behind += window.segments[index].duration
        if behind > reach:
            return index + 1
    return 0
