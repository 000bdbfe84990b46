"""Reading fMP4 by ISO/IEC 14496-12: what an init section promises and what fragments hold."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

Problems = list[tuple[str, str]]
NEWER_BRANDS = {"iso6", "iso7", "iso8", "iso9", "cmfc", "cmf2"}
CONTAINERS = {"moov", "trak", "mdia", "minf", "stbl", "mvex", "moof", "traf", "dinf", "edts"}


@dataclass
class Init:
    """``codec`` as in RFC 6381, as far as it can be told; ``timescale`` in ticks a second."""

    problems: Problems = field(default_factory=list)
    handler: str = ""
    timescale: int = 0
    codec: str = ""
    size: tuple[int, int] = (0, 0)
    default_duration: int = 0
    default_flags: int = 0


@dataclass
class Fragment:
    """One movie fragment of the one track. ``start`` and ``duration`` in ticks, ``synced`` whether its first sample is a sync sample."""

    start: int | None
    duration: int
    samples: int
    longest: int
    synced: bool


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[str, int, int]]:
    """Kind, first byte of content and end of each box. Raises ``ValueError`` where a box does not fit."""
    end = len(data) if end is None else end
    while start < end:
        if end - start < 8:
            raise ValueError("bytes behind the last box")
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        if size < head or start + size > end:
            raise ValueError(f"box {kind!r} of {size} bytes does not fit")
        yield kind.decode("latin-1"), start + head, start + size
        start += size


def walk(data: bytes, start: int = 0, end: int | None = None, path: str = "") -> Iterator[tuple[str, int, int]]:
    """Every box with its path, containers before their content."""
    for kind, first, last in boxes(data, start, end):
        here = f"{path}/{kind}"
        yield here, first, last
        if kind in CONTAINERS:
            yield from walk(data, first, last, here)


def parse_init(data: bytes) -> Init:
    init = Init()
    try:
        found = list(walk(data))
    except ValueError as error:
        init.problems.append(("ME1", str(error)))
        return init
    paths = [path for path, _, _ in found]
    for needed in ("/ftyp", "/moov", "/moov/mvex", "/moov/trak"):
        if paths.count(needed) != 1:
            init.problems.append(("ME7" if needed == "/moov/trak" and needed in paths else "ME1", f"{paths.count(needed)} boxes {needed}"))
    if "/ftyp" in paths and "/moov" in paths and paths.index("/ftyp") > paths.index("/moov"):
        init.problems.append(("ME1", "ftyp behind moov"))
    for path, start, end in found:
        try:
            _init_box(init, data, path, start, end)
        except struct.error:
            init.problems.append(("ME1", f"{path} is cut short"))
    return init


def _init_box(init: Init, data: bytes, path: str, start: int, end: int) -> None:
    match path.rpartition("/")[2]:
        case "ftyp":
            _brands(init, data[start:end])
        case "hdlr" if "/mdia/" in path:
            init.handler = data[start + 8 : start + 12].decode("latin-1")
        case "stts" | "stsc" | "stco" | "stsz" as table:
            if struct.unpack_from(">I", data, start + (8 if table == "stsz" else 4))[0]:
                init.problems.append(("ME1", f"{path} has entries"))
        case "dref" if not data[start + 8 + 11] & 1:
            init.problems.append(("ME2", "external data reference"))
        case "stsd":
            for kind, first, last in boxes(data, start + 8, end):
                _sample_entry(init, data, kind, first, last)
        case "mdhd" | "trex" as header:
            _defaults(init, data, header, start)


def _brands(init: Init, content: bytes) -> None:
    brands = {content[:4].decode("latin-1")} | {content[at : at + 4].decode("latin-1") for at in range(8, len(content), 4)}
    if not NEWER_BRANDS & brands:
        init.problems.append(("ME1", f"no brand from iso6 on: {sorted(brands)}"))


def _defaults(init: Init, data: bytes, header: str, start: int) -> None:
    if header == "trex":
        init.default_duration, _, init.default_flags = struct.unpack_from(">III", data, start + 12)
        return
    long = data[start] == 1
    (init.timescale,) = struct.unpack_from(">I", data, start + (20 if long else 12))
    (duration,) = struct.unpack_from(">Q" if long else ">I", data, start + (24 if long else 16))
    if duration not in {0, 2**32 - 1, 2**64 - 1}:
        init.problems.append(("ME1", "mdhd has a duration"))


def _sample_entry(init: Init, data: bytes, kind: str, start: int, end: int) -> None:
    init.codec = kind
    if kind in {"avc3", "hev1"}:
        init.problems.append(("ME4", f"sample entry {kind}"))
    if kind in {"avc1", "hvc1", "av01"}:
        init.size = struct.unpack_from(">HH", data, start + 24)
        for inner, first, _ in boxes(data, start + 78, end):
            if inner == "avcC":
                init.codec = "avc1." + data[first + 1 : first + 4].hex().upper()
    elif kind == "mp4a":
        for inner, first, last in boxes(data, start + 28, end):
            if inner == "esds" and (object_type := _audio_object_type(data[first + 4 : last])):
                init.codec = f"mp4a.40.{object_type}"


def _audio_object_type(descriptors: bytes) -> int:
    """AudioSpecificConfig's object type (ISO/IEC 14496-1 and 14496-3): behind the DecoderSpecificInfo tag, 5."""
    position = 0
    while position < len(descriptors) - 1:
        tag, position = descriptors[position], position + 1
        size = 0
        while position < len(descriptors):
            byte, position = descriptors[position], position + 1
            size = size << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        if tag == 3:
            position += 3
        elif tag == 4:
            position += 13
        elif tag == 5:
            return descriptors[position] >> 3
        else:
            position += size
    return 0


def parse_fragments(data: bytes, init: Init, problems: Problems) -> list[Fragment]:
    """The fragments of a part or segment."""
    fragments: list[Fragment] = []
    try:
        top = [kind for kind, _, _ in boxes(data)]
        moofs = [(start, end) for kind, start, end in boxes(data) if kind == "moof"]
        if top.count("mdat") != len(moofs) or not moofs:
            problems.append(("ME2", f"boxes {top}"))
        for start, end in moofs:
            trafs = [(first, last) for kind, first, last in boxes(data, start, end) if kind == "traf"]
            if len(trafs) != 1:
                problems.append(("ME1", f"{len(trafs)} track fragments"))
            fragments.extend(_track_fragment(data, first, last, init, problems) for first, last in trafs)
    except (ValueError, struct.error, IndexError) as error:
        problems.append(("ME2", f"malformed: {error}"))
    return fragments


def _track_fragment(data: bytes, start: int, end: int, init: Init, problems: Problems) -> Fragment:
    fragment = Fragment(None, 0, 0, 0, synced=False)
    duration, flags = init.default_duration, init.default_flags
    for kind, first, _ in boxes(data, start, end):
        word = struct.unpack_from(">I", data, first)[0]
        version, bits = word >> 24, word & 0xFFFFFF
        if kind == "tfhd":
            if bits & 1 or not bits & 0x020000:
                problems.append(("ME2", "addressing is not relative to the movie fragment"))
            at = first + 8 + 8 * (bits & 1) + 4 * (bits >> 1 & 1)
            if bits & 8:
                (duration,) = struct.unpack_from(">I", data, at)
                at += 4
            at += 4 * (bits >> 4 & 1)
            if bits & 0x20:
                (flags,) = struct.unpack_from(">I", data, at)
        elif kind == "tfdt":
            fragment.start = struct.unpack_from(">Q" if version else ">I", data, first + 4)[0]
        elif kind == "trun":
            _run(fragment, data, first, (duration, flags))
    if fragment.start is None:
        problems.append(("ME2", "no tfdt"))
    return fragment


def _run(fragment: Fragment, data: bytes, first: int, defaults: tuple[int, int]) -> None:
    bits = struct.unpack_from(">I", data, first)[0] & 0xFFFFFF
    duration, flags = defaults
    (count,) = struct.unpack_from(">I", data, first + 4)
    at = first + 8 + 4 * (bits & 1)
    first_flags: int | None = None
    if bits & 4:
        (first_flags,) = struct.unpack_from(">I", data, at)
        at += 4
    for index in range(count):
        lasts, flagged = duration, flags
        if bits & 0x100:
            (lasts,) = struct.unpack_from(">I", data, at)
            at += 4
        at += 4 * (bits >> 9 & 1)
        if bits & 0x400:
            (flagged,) = struct.unpack_from(">I", data, at)
            at += 4
        at += 4 * (bits >> 11 & 1)
        if index == 0:
            flagged = flagged if first_flags is None else first_flags
            if fragment.samples == 0:
                fragment.synced = not flagged & 0x10000
        fragment.samples += 1
        fragment.duration += lasts
        fragment.longest = max(fragment.longest, lasts)
