import itertools
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame

from ingest.outgoing.file import File, UnusableFile
from ingest.outgoing.sample import Sample
from storage.model.media import Codec, TrackKind


def _write(path: Path, *, seconds: int = 2, b_frames: int = 0, audio: str | None = "libopus") -> Path:
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=30)
        video.width, video.height, video.pix_fmt = 160, 90, "yuv420p"
        video.codec_context.max_b_frames = b_frames
        video.options = {"preset": "veryfast", "bf": str(b_frames), "b_strategy": "0"}
        sound = container.add_stream(audio, rate=48_000) if audio else None
        for number in range(seconds * 30):
            frame = VideoFrame(160, 90, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([(number * 7) % 200 + 20]) * plane.buffer_size)
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if isinstance(sound, AudioStream):
            frame_size = sound.codec_context.frame_size or 960
            layout, form = sound.codec_context.layout.name, sound.codec_context.format.name
            for number in range(seconds * 48_000 // frame_size):
                quiet = av.AudioFrame(form, layout, frame_size)
                for channel in quiet.planes:
                    channel.update(bytes(channel.buffer_size))
                quiet.pts, quiet.time_base, quiet.sample_rate = number * frame_size, Fraction(1, 48_000), 48_000
                container.mux(sound.encode(quiet))
            container.mux(sound.encode(None))
    return path


def _first(file: File, seconds: float) -> list[Sample]:
    return list(itertools.takewhile(lambda sample: sample.due < seconds, file.samples(0)))


@pytest.mark.parametrize("name", ["plain.mkv", "plain.mp4"])
def test_h264_without_b_frames_and_opus_pass_through(tmp_path: Path, name: str) -> None:
    file = File(str(_write(tmp_path / name)))
    samples = _first(file, 1.9)

    first = next(sample for sample in samples if sample.kind is TrackKind.VIDEO)
    assert file.passes_through
    assert bytes(first.packet).startswith((b"\0\0\0\1", b"\0\0\1"))
    assert {kind: codec.value for kind, codec in file.codecs.items()} == {TrackKind.VIDEO: "h264", TrackKind.AUDIO: "opus"}


def test_b_frames_and_aac_are_encoded(tmp_path: Path) -> None:
    file = File(str(_write(tmp_path / "b.mp4", b_frames=2, audio="aac")))
    pictures = [sample.packet.pts for sample in _first(file, 1.5) if sample.kind is TrackKind.VIDEO]

    assert not file.passes_through
    assert pictures == sorted(pictures, key=lambda pts: pts or 0)


def test_vp8_is_encoded_when_asked_for(tmp_path: Path) -> None:
    assert File(str(_write(tmp_path / "v.mkv")), codec=Codec.VP8).codecs[TrackKind.VIDEO] is Codec.VP8


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_loop_goes_on_without_a_hole_or_a_step_back(tmp_path: Path, b_frames: int) -> None:
    file = File(str(_write(tmp_path / "loop.mkv", seconds=1, b_frames=b_frames)))
    pictures = [sample.due for sample in _first(file, 3.5) if sample.kind is TrackKind.VIDEO]

    steps = [later - earlier for earlier, later in itertools.pairwise(pictures)]
    assert len(pictures) > 90
    assert min(steps) > 0.02
    assert max(steps) < 0.1


def test_a_file_without_sound_has_one_track(tmp_path: Path) -> None:
    file = File(str(_write(tmp_path / "mute.mp4", audio=None)))

    assert list(file.codecs) == [TrackKind.VIDEO]
    assert len(_first(file, 1.0)) == 30


def test_what_is_no_media_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")

    with pytest.raises(UnusableFile, match=r"can't be read"):
        File(str(tmp_path / "text"))
