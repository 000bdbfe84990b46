"""``fanlight publish``: a WHIP client for whoever has no camera at hand, and for measurements."""

import argparse
import asyncio
import json
import re
import signal
import sys
from dataclasses import asdict
from fractions import Fraction
from typing import TYPE_CHECKING

from storage.clock import SystemClock
from storage.model.errors import BadInput, ErrorCode
from storage.model.media import Codec

if TYPE_CHECKING:
    from ingest.outgoing.client import Event
    from ingest.outgoing.sample import Source

_UNITS = {"": 1, "k": 1000, "m": 1_000_000}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="a media file to loop; the default is the test pattern")
    parser.add_argument("--url", required=True, help="the WHIP address, e.g. http://127.0.0.1:8000/whip/first")
    parser.add_argument("--key", required=True, help="the stream key, or - to read it from the first line of standard input")
    parser.add_argument("--test-pattern", action="store_true", help="a generated picture with a clock, a frame counter and a beep a second")
    parser.add_argument("--duration", type=float, metavar="SECONDS", help="stop after so long (default: at Ctrl-C)")
    parser.add_argument(
        "--bitrate", type=_bitrate, default=2_500_000, help="of encoded video in bits a second, e.g. 2500k (the default) or 4M"
    )
    parser.add_argument("--size", type=_size, default=(1280, 720), metavar="WxH", help="of the pattern (default 1280x720)")
    parser.add_argument("--fps", type=Fraction, default=Fraction(30), help="of the pattern, 1 to 60 (default 30)")
    parser.add_argument(
        "--video-codec", choices=[Codec.H264.value, Codec.VP8.value], help="default: h264; a file is re-encoded only if needed"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line on standard output")


def run(arguments: argparse.Namespace) -> int:
    """Publish; 0 when stopped on purpose, 1 with one sentence on standard error when it failed."""
    if arguments.file and arguments.test_pattern:
        raise BadInput(ErrorCode.BAD_REQUEST, "Name a file or ask for --test-pattern, not both.")
    if arguments.key == "-":
        arguments.key = sys.stdin.readline().strip()
    return asyncio.run(_publish(arguments))


async def _publish(arguments: argparse.Namespace) -> int:
    from ingest.outgoing.client import Publisher, PublishFailed

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    report = _print_json if arguments.json else _print_text
    source = await asyncio.to_thread(_source, arguments)
    try:
        await Publisher(arguments.url, arguments.key, source, SystemClock(), report).run(stop, arguments.duration)
    except PublishFailed as error:
        print(f"fanlight publish: {error}", file=sys.stderr)
        return 1
    return 0


def _source(arguments: argparse.Namespace) -> "Source":
    from ingest.outgoing.file import File, UnusableFile
    from ingest.outgoing.pattern import Pattern

    codec = Codec(arguments.video_codec) if arguments.video_codec else None
    try:
        if arguments.file:
            return File(arguments.file, codec=codec, bitrate=arguments.bitrate)
        width, height = arguments.size
        return Pattern(width=width, height=height, fps=arguments.fps, codec=codec or Codec.H264, bitrate=arguments.bitrate)
    except (UnusableFile, ValueError) as error:
        raise BadInput(ErrorCode.BAD_REQUEST, str(error)) from error


def _print_text(event: "Event") -> None:
    lines = {
        "live": f"Live: sending to {event.detail}. Ctrl-C ends the broadcast.",
        "statistics": f"{event.frames / 5:.0f} frames/s, {event.bitrate / 1e6:.2f} Mbit/s, {event.keyframe_requests} keyframes asked for",
        "lost": f"Lost: {event.detail} Trying again.",
        "ended": "Ended.",
    }
    print(lines[event.kind], flush=True)


def _print_json(event: "Event") -> None:
    print(json.dumps(asdict(event)), flush=True)


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if not found:
        raise argparse.ArgumentTypeError("a size is written like 1280x720")
    return int(found[1]), int(found[2])


def _bitrate(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([km]?)", text.lower())
    if not found or not 50_000 <= (rate := round(float(found[1]) * _UNITS[found[2]])) <= 50_000_000:
        raise argparse.ArgumentTypeError("a bit rate is 50k to 50M")
    return rate
