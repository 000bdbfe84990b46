import fnmatch
import subprocess
import sys

import pytest

from tests.architecture.sources import PACKAGES, ROOT, imported, python_files

DOORS = {
    "PIL": ["web/picture_worker.py"],
    "aiosmtplib": ["web/mail.py"],
    "argon2": ["storage/passwords.py"],
    "aioice": ["ingest/outgoing/*"],
    "aiortc": ["ingest/peer.py", "ingest/outgoing/*"],
    "pylibsrtp": ["ingest/peer.py"],
    "OpenSSL": ["ingest/peer.py"],
    "av": ["transcoder/codec*.py", "ingest/outgoing/*"],
    "boto3": ["storage/objects/s3.py"],
    "botocore": ["storage/objects/s3.py"],
    "sqlalchemy": ["storage/database/*"],
    "alembic": ["storage/database/*"],
    "redis": ["storage/bus/*"],
    "hypercorn": ["web/serving.py", "web/socket_door.py"],
    "granian": ["web/edge/front.py"],
    "quart": ["web/*", "ingest/whip.py"],
    "uvloop": ["storage/node.py"],
}
"""Where each third party may be imported; everybody else goes through these files."""

PURE = [
    "chat/calls/relays.py",
    "chat/connection.py",
    "chat/origin.py",
    "chat/outbox.py",
    "chat/protocol.py",
    "chat/wire.py",
    "ingest/answer.py",
    "ingest/capture.py",
    "ingest/depacketize*.py",
    "ingest/feed.py",
    "ingest/fragment.py",
    "ingest/frames.py",
    "ingest/h264.py",
    "ingest/ice.py",
    "ingest/jitter_buffer.py",
    "ingest/keyframe.py",
    "ingest/nack.py",
    "ingest/preconditions.py",
    "ingest/receiver.py",
    "ingest/rtcp.py",
    "ingest/rtp.py",
    "ingest/sdp.py",
    "ingest/state.py",
    "ingest/stun.py",
    "ingest/twcc.py",
    "storage/model/*",
    "transcoder/checkpoint.py",
    "transcoder/cmaf/*",
    "transcoder/cut.py",
    "transcoder/gop.py",
    "transcoder/h264.py",
    "transcoder/hls/*",
    "transcoder/pace.py",
    "transcoder/timeline.py",
]
"""Protocols, cutting and playlists: synchronous, given their times, tested with tables."""
IMPURE = {"asyncio", "os", "pathlib", "random", "socket", "subprocess", "threading", "time", "structlog", "av", "aiortc", "redis", "quart"}
MAKES_IDENTIFIERS = "storage/model/ids.py"

MEDIA_LIBRARIES = ("av", "aiortc", "aioice", "pylibsrtp")
ONE_TASK_OWNER = "storage/node.py"


def test_the_import_contracts_are_kept() -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("library", sorted(DOORS))
def test_a_third_party_is_imported_behind_its_door_only(library: str) -> None:
    users = {name for name in python_files(*PACKAGES) if any(module.split(".")[0] == library for module in imported(name))}

    assert {name for name in users if not any(fnmatch.fnmatch(name, door) for door in DOORS[library])} == set()


@pytest.mark.parametrize("entry", ["web.app", "web.edge.server", "web.command.up", "web.command.doctor", "web.command.channel"])
def test_a_process_that_handles_no_media_loads_no_media_library(entry: str) -> None:
    code = f"import {entry}, web.nodes, sys; print(*[name for name in {MEDIA_LIBRARIES!r} if name in sys.modules])"

    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stderr


@pytest.mark.parametrize("pattern", PURE)
def test_a_pure_core_knows_no_input_output_clock_or_chance(pattern: str) -> None:
    files = [name for name in python_files(*PACKAGES) if fnmatch.fnmatch(name, pattern)]
    chance = {"secrets"}

    assert files, "the list of pure cores names a file that is gone"
    for name in files:
        used = {module.split(".")[0] for module in imported(name)}
        assert used & (IMPURE if name == MAKES_IDENTIFIERS else IMPURE | chance) == set(), name


def test_the_records_import_the_standard_library_only() -> None:
    allowed = sys.stdlib_module_names
    outside = {
        (name, module)
        for name in python_files("storage")
        if name.startswith("storage/model/")
        for module in imported(name)
        if module.split(".")[0] not in allowed and not module.startswith("storage.model")
    }

    assert outside == set()


def test_every_task_has_an_owner() -> None:
    loose = {
        name
        for name in python_files(*PACKAGES)
        if name != ONE_TASK_OWNER and ("asyncio.create_task(" in (source := (ROOT / name).read_text()) or "ensure_future(" in source)
    }

    assert loose == set()
