import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from ingest.outgoing import stamp
from ingest.outgoing.encoders import VIDEO_CLOCK, video_encoder
from ingest.outgoing.picture import Geometry, TestPicture
from storage.model.media import Codec

times = st.integers(0, (1 << stamp.TIME_BITS) - 1)


@given(times)
def test_cells_read_back_as_the_time_they_show(unix_ms: int) -> None:
    assert stamp.time_of([235.0 if cell else 16.0 for cell in stamp.cells(unix_ms)]) == unix_ms


@given(times, st.integers(4, 63))
def test_one_wrong_cell_is_noticed(unix_ms: int, wrong: int) -> None:
    levels = [200.0 if cell else 40.0 for cell in stamp.cells(unix_ms)]
    levels[wrong] = 240.0 - levels[wrong]

    assert stamp.time_of(levels) is None


@given(times, st.sampled_from([(1280, 720, 1280), (640, 360, 672), (426, 240, 448), (320, 180, 320), (1920, 1080, 1920)]))
def test_a_band_reads_back_at_any_size(unix_ms: int, geometry: tuple[int, int, int]) -> None:
    width, height, stride = geometry
    luma = stamp.band(unix_ms, width, height, stride)

    assert len(luma) == stamp.band_height(height) * stride
    assert stamp.read(luma, width, height, stride) == unix_ms


def test_a_picture_without_a_stamp_reads_as_none() -> None:
    assert stamp.read(bytes(1280 * 720), 1280, 720, 1280) is None
    assert stamp.time_of([1.0] * 3) is None


def test_a_time_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="44 bits"):
        stamp.cells(1 << 44)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
def test_the_stamp_survives_compression_to_a_fifth_and_scaling_to_a_quarter(codec: Codec) -> None:
    encoder = video_encoder(codec, 1280, 720, Fraction(30), 500_000)
    decoder = av.CodecContext.create("h264" if codec is Codec.H264 else "vp8", "r")
    model = VideoFrame(1280, 720, "yuv420p")
    picture = TestPicture(Geometry(1280, 720, model.planes[0].line_size, model.planes[1].line_size))
    read: list[int | None] = []
    times = [1_795_000_000_000 + round(n * 1000 / 30) for n in range(45)]
    for number, unix_ms in enumerate(times):
        picture.draw(unix_ms, number)
        frame = VideoFrame(1280, 720, "yuv420p")
        for plane, data in zip(frame.planes, (picture.luma, picture.blue, picture.red), strict=True):
            plane.update(bytes(data))
        frame.pts, frame.time_base = number * 3000, VIDEO_CLOCK
        for packet in encoder.encode(frame):
            for decoded in decoder.decode(packet):
                assert isinstance(decoded, VideoFrame)
                small = decoded.reformat(width=320, height=180)
                read.append(stamp.read(bytes(small.planes[0]), 320, 180, small.planes[0].line_size))

    assert len(read) >= 40
    assert read == times[: len(read)]


def test_the_reader_in_javascript_agrees() -> None:
    node = shutil.which("node")
    assert node, "node is missing: run scripts/provision-tests"
    clients = Path(__file__).parents[2] / "clients"
    unix_ms = 1_795_000_123_456
    width, height = 320, 180
    luma = stamp.band(unix_ms, width, height, width) + bytes(width * (height - stamp.band_height(height)))
    program = (
        f"import {{ readStamp }} from {json.dumps(str(clients / 'stamp.js'))};"
        "const chunks = []; for await (const c of process.stdin) chunks.push(c); const luma = Buffer.concat(chunks);"
        "const rgba = new Uint8ClampedArray(luma.length * 4); luma.forEach((v, i) => rgba.set([v, v, v, 255], i * 4));"
        f"console.log(String(readStamp(rgba, {width}, {height})));"
    )

    done = subprocess.run([node, "--input-type=module", "-e", program], input=luma, capture_output=True, check=True, timeout=20)

    assert done.stdout.decode().strip() == str(unix_ms)
