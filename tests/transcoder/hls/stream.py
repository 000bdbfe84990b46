"""Window events of a made-up broadcast, for tests."""

from collections.abc import Iterator

from storage.bus.messages import EndEvent, InitEvent, PartEvent, SegmentEvent, StoredEvent, WindowBatch, WindowEvent
from storage.model.rendition import RenditionName

START_MS = 1_763_800_000_123


def part(msn: int, number: int, *, rendition: RenditionName = RenditionName.VIDEO, per_segment: int = 5, **changes: object) -> PartEvent:
    fields: dict[str, object] = {
        "rendition": rendition,
        "msn": msn,
        "part": number,
        "duration": 0.4,
        "size": 1000 + number,
        "independent": number == 0,
        "init": 0,
        "program_ms": START_MS + 400 * (msn * per_segment + number),
    }
    return PartEvent(**(fields | changes))  # type: ignore[arg-type]


def segment(msn: int, *, rendition: RenditionName = RenditionName.VIDEO, per_segment: int = 5) -> SegmentEvent:
    return SegmentEvent(rendition=rendition, msn=msn, duration=per_segment * 0.4, size=sum(1000 + n for n in range(per_segment)))


def batch(*events: WindowEvent) -> WindowBatch:
    return WindowBatch(events=events)


def broadcast(segments: int, *, first: int = 0, per_segment: int = 5, stored: bool = True, end: bool = False) -> Iterator[WindowBatch]:
    """A batch per part of both renditions, segments completed with their last part and stored with the next batch."""
    yield batch(InitEvent(rendition=RenditionName.VIDEO, init=0), InitEvent(rendition=RenditionName.AUDIO, init=0))
    for msn in range(first, first + segments):
        for number in range(per_segment):
            events: list[WindowEvent] = []
            for rendition in RenditionName:
                independent = number == 0 or rendition is RenditionName.AUDIO
                events.append(part(msn, number, rendition=rendition, per_segment=per_segment, independent=independent))
                if number == per_segment - 1:
                    events.append(segment(msn, rendition=rendition, per_segment=per_segment))
            yield batch(*events)
        if stored:
            yield batch(*(StoredEvent(rendition=rendition, msn=msn) for rendition in RenditionName))
    if end:
        yield batch(EndEvent())
