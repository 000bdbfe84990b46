"""FFmpeg's whip muxer, unmodified, as both DTLS server (its default: we send the ClientHello) and client."""

import asyncio

import pytest

from storage.model.broadcast import PublishEnd
from storage.model.media import TrackKind
from tests.clients.programs import ffmpeg_with_whip
from tests.ingest.rig import Rig

PICTURE = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=30"]
VIDEO = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-bf", "0", "-g", "30"]
SOUND = ["-f", "lavfi", "-i", "sine"]
AUDIO = ["-c:a", "libopus", "-b:a", "64k", "-ar", "48000", "-ac", "2"]


@pytest.mark.clients
@pytest.mark.parametrize(
    ("inputs", "codecs", "flags", "kinds"),
    [
        (PICTURE + SOUND, VIDEO + AUDIO, [], {TrackKind.AUDIO, TrackKind.VIDEO}),
        (PICTURE + SOUND, VIDEO + AUDIO, ["-whip_flags", "dtls_active"], {TrackKind.AUDIO, TrackKind.VIDEO}),
        (PICTURE, [*VIDEO, "-profile:v", "high"], [], {TrackKind.VIDEO}),
    ],
    ids=["passive", "active", "high profile without audio"],
)
async def test_ffmpeg_publishes_and_says_good_bye(
    rig: Rig, inputs: list[str], codecs: list[str], flags: list[str], kinds: set[TrackKind]
) -> None:
    command = [ffmpeg_with_whip(), "-v", "error", "-re", *inputs, *codecs, "-t", "3"]
    program = await asyncio.create_subprocess_exec(*command, *flags, "-authorization", rig.key, "-f", "whip", rig.url)
    session = await rig.live()
    feed = rig.ingest.feeds.find(session.who.session)
    assert feed is not None
    assert await program.wait() == 0
    await rig.over()
    assert {unit.kind for unit in feed.units} == kinds
    video = [unit for unit in feed.units if unit.kind is TrackKind.VIDEO]
    assert video[0].keyframe
    assert [unit.sequence for unit in video] == list(range(1, len(video) + 1))
    assert len(video) >= 80
    assert session.statistics().lost == 0
    assert rig.ingest.publishers.ends == {PublishEnd.PUBLISHER_LEFT: 1}
