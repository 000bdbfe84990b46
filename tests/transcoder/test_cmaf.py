import io
import struct
from collections.abc import Iterator

import av
import pytest

from tests.transcoder.media import steady, video_units
from tests.transcoder.viewer import decode
from transcoder import h264
from transcoder.cmaf.boxes import box, full_box
from transcoder.cmaf.fragment import fragment
from transcoder.cmaf.track import NON_SYNC, SYNC, AudioTrack, VideoTrack
from transcoder.codec import AacEncoder

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"mvex", b"moof", b"traf"}


def boxes(data: bytes, path: str = "") -> Iterator[tuple[str, bytes]]:
    position = 0
    while position < len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        assert size >= 8
        content = data[position + 8 : position + size]
        name = f"{path}/{kind.decode()}"
        yield name, content
        if kind in CONTAINERS:
            yield from boxes(content, name)
        position += size
    assert position == len(data)


def track() -> tuple[VideoTrack, list[h264.Picture]]:
    pictures = [h264.parse(unit.data) for unit in video_units(steady(30, 0.4))]
    return VideoTrack(320, 180, h264.avcc(pictures[0].sps[0], pictures[0].pps[0])), pictures


def test_a_box_says_its_size() -> None:
    assert box(b"free", b"ab", b"c") == b"\x00\x00\x00\x0bfreeabc"
    assert full_box(b"tfdt", 1, 5, b"x") == b"\x00\x00\x00\x0dtfdt\x01\x00\x00\x05x"


def test_an_init_segment_has_one_track_without_samples() -> None:
    tree = list(boxes(track()[0].init_segment()))
    names = [name for name, _ in tree]
    assert names[0] == "/ftyp"
    assert tree[0][1].startswith(b"iso6")
    assert names.count("/moov/trak") == 1
    assert "/moov/mvex/trex" in names
    content = dict(tree)
    for table in ("stts", "stsc", "stco"):
        assert content[f"/moov/trak/mdia/minf/stbl/{table}"] == bytes(8)
    assert content["/moov/trak/mdia/minf/stbl/stsz"] == bytes(12)
    assert b"avc1" in content["/moov/trak/mdia/minf/stbl/stsd"]
    assert content["/moov/trak/mdia/mdhd"][12:16] == (90_000).to_bytes(4, "big")
    assert content["/moov/trak/mdia/minf/dinf/dref"].endswith(b"url \x00\x00\x00\x01")


def test_a_sound_init_segment_carries_the_decoder_config() -> None:
    encoder = AacEncoder(0)
    data = AudioTrack(encoder.config, 128_000).init_segment()
    assert encoder.config == b"\x11\x90"
    content = dict(boxes(data))
    assert b"esds" in content["/moov/trak/mdia/minf/stbl/stsd"]
    assert content["/moov/trak/tkhd"][36:38] == b"\x01\x00"
    with av.open(io.BytesIO(data + sound_fragment(encoder)), "r", format="mp4") as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.sample_rate, stream.codec_context.layout.name) == (48_000, "stereo")


def sound_fragment(encoder: AacEncoder) -> bytes:
    frames = [payload for index in range(20) for payload in encoder.encode(index * 1024, bytes(4096), bytes(4096))]
    return fragment(1, 0, frames, [1024] * len(frames))


def test_a_fragment_says_when_and_where_its_samples_are() -> None:
    _, pictures = track()
    payloads = [picture.payload for picture in pictures]
    data = fragment(7, 2**33, payloads, [3000] * len(payloads), [picture.idr for picture in pictures])
    tree = dict(boxes(data))
    assert list(tree) == ["/moof", "/moof/mfhd", "/moof/traf", "/moof/traf/tfhd", "/moof/traf/tfdt", "/moof/traf/trun", "/mdat"]
    assert tree["/moof/mfhd"][4:] == (7).to_bytes(4, "big")
    flags = int.from_bytes(tree["/moof/traf/tfhd"][1:4], "big")
    assert flags & 0x020000, "default-base-is-moof"
    assert not flags & 1, "no base data offset"
    assert tree["/moof/traf/tfdt"] == b"\x01\x00\x00\x00" + (2**33).to_bytes(8, "big")
    count, offset, first = struct.unpack_from(">IiI", tree["/moof/traf/trun"], 4)
    assert count == len(payloads)
    assert first == SYNC
    assert data[offset:] == b"".join(payloads) == tree["/mdat"]


@pytest.mark.parametrize("sync", [[False, False, True], [True, True, False], [False] * 3, [True, False, False]])
def test_sync_samples_are_told_wherever_they_are(sync: list[bool]) -> None:
    data = fragment(1, 0, [b"a", b"bb", b"ccc"], [1, 2, 3], sync)
    content = dict(boxes(data))
    run, header = content["/moof/traf/trun"], content["/moof/traf/tfhd"]
    flags = int.from_bytes(run[1:4], "big")
    default = int.from_bytes(header[8:12], "big")
    if flags & 0x400:
        told = [struct.unpack_from(">I", run, 12 + 12 * index + 8)[0] for index in range(3)]
    else:
        told = [int.from_bytes(run[12:16], "big"), default, default]
    assert told == [SYNC if key else NON_SYNC for key in sync]
    offset = struct.unpack_from(">i", run, 8)[0]
    assert data[offset:] == b"abbccc"


def test_every_picture_comes_back_from_fragments() -> None:
    video, pictures = track()
    data = video.init_segment()
    for number, start in enumerate(range(0, len(pictures), 4)):
        group = pictures[start : start + 4]
        data += fragment(number, start * 3000, [p.payload for p in group], [3000] * len(group), [p.idr for p in group])
    frames = decode(data, "video")
    assert [frame.pts for frame in frames] == [index * 3000 for index in range(len(pictures))]
