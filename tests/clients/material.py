"""Encoded media for publishers that bring none: ten seconds of the test pattern, stamped with its own time from zero on.

``loop.mkv`` holds H.264 (baseline, no B-frames, a keyframe each second) and Opus; ``small.mkv`` the same in 480x270 for programs
that encode it anew; ``frames.bin`` the packets of the first as records for programs without a demuxer: kind (0 audio, 1 video),
due in microseconds (32 bits), size (32 bits), bytes.
"""

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from ingest.outgoing.pattern import Pattern
from storage.model.media import Codec, TrackKind

SECONDS = 10
FPS = 30


@dataclass(frozen=True, slots=True)
class Material:
    """The files."""

    loop: Path
    small: Path
    frames: Path


def make_material(folder: Path) -> Material:
    """Write all files, about a second's work."""
    material = Material(folder / "loop.mkv", folder / "small.mkv", folder / "frames.bin")
    _write(material.loop, material.frames, (1280, 720), 2_500_000)
    _write(material.small, folder / "small.bin", (480, 270), 500_000)
    return material


def _write(loop: Path, records: Path, size: tuple[int, int], bitrate: int) -> None:
    width, height = size
    source = Pattern(width=width, height=height, fps=Fraction(FPS), codec=Codec.H264, bitrate=bitrate)
    with av.open(str(loop), "w") as container, records.open("wb") as frames:
        video = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt, video.time_base = width, height, "yuv420p", Fraction(1, 90_000)
        audio = container.add_stream("libopus", rate=48_000)
        last_second = -1
        for sample in source.samples(0):
            if sample.due >= SECONDS:
                break
            if sample.kind is TrackKind.VIDEO and int(sample.due) != last_second:
                last_second = int(sample.due)
                source.request_keyframe()
            data = bytes(sample.packet)
            frames.write(struct.pack(">BII", sample.kind, round(sample.due * 1_000_000), len(data)) + data)
            packet = av.Packet(data)
            packet.stream = video if sample.kind is TrackKind.VIDEO else audio
            packet.time_base = Fraction(1, 90_000) if sample.kind is TrackKind.VIDEO else Fraction(1, 48_000)
            packet.pts = packet.dts = sample.packet.pts if sample.kind is TrackKind.VIDEO else max(0, sample.packet.pts or 0)
            packet.is_keyframe = sample.packet.is_keyframe or sample.kind is TrackKind.AUDIO
            container.mux(packet)
