import dataclasses
import os
import socket
from pathlib import Path

import pytest

from storage.clock import SystemClock
from storage.settings import Settings
from tests.nodes.instance import environment, running
from web.checkup import media
from web.checkup.clock import check_clock
from web.checkup.codecs import check_codecs
from web.checkup.disk import check_disk
from web.checkup.finding import Level
from web.checkup.media import check_idle_media
from web.checkup.ports import check_ports


def settings(data: Path) -> Settings:
    return Settings.from_environment(environment(data))


def test_ports_are_free_then_taken_then_ours(tmp_path: Path) -> None:
    own = settings(tmp_path)
    free = check_ports(own, running=False, whole=True)
    with socket.socket() as taker:
        taker.bind((own.host, own.port))
        taker.listen()
        taken = check_ports(own, running=False, whole=True)
        ours = check_ports(own, running=True, whole=True)

    assert {finding.level for finding in free} == {Level.OK}
    assert next((finding.subject, str(os.getpid()) in finding.meaning, "FANLIGHT_PORT" in finding.advice) for finding in taken) == (
        f"TCP port {own.port}",
        True,
        True,
    )
    assert [finding.level for finding in ours] == [Level.OK, *[Level.FAIL] * (len(ours) - 1)]


async def test_a_datagram_finds_its_way_to_an_address_of_ours_and_not_to_anothers(tmp_path: Path) -> None:
    own = dataclasses.replace(settings(tmp_path), host="0.0.0.0", announced_ips=("127.0.0.1", "127.0.0.2"))
    here = await check_idle_media(own)
    away = await media._loop("127.0.0.1", own.media_port, "127.0.0.2")

    assert [finding.level for finding in here] == [Level.OK, Level.OK]
    assert away.level is Level.FAIL
    assert "FANLIGHT_ANNOUNCED_IPS" in away.advice


async def test_a_taken_media_port_is_told(tmp_path: Path) -> None:
    own = settings(tmp_path)
    with socket.socket(type=socket.SOCK_DGRAM) as taker:
        taker.bind((own.host, own.media_port))
        findings = await check_idle_media(dataclasses.replace(own, announced_ips=("127.0.0.1",)))

    assert [(finding.level, "FANLIGHT_MEDIA_PORT" in finding.advice) for finding in findings] == [(Level.FAIL, True)]


def test_a_disk_that_can_not_be_written_is_told() -> None:
    findings = check_disk(Path("/proc/self"), SystemClock())

    assert findings[-1].level is Level.FAIL
    assert "FANLIGHT_DATA" in findings[-1].advice


def test_a_good_disk_is_found_where_the_folder_would_be_made(tmp_path: Path) -> None:
    space, write = check_disk(tmp_path / "not" / "there" / "yet", SystemClock())

    assert str(tmp_path) in space.meaning
    assert write.level is Level.OK


async def test_a_clock_that_was_set_meanwhile_is_told() -> None:
    class Stepped(SystemClock):
        calls = 0

        def unix_ns(self) -> int:
            self.calls += 1
            return super().unix_ns() + (3_600_000_000_000 if self.calls > 1 else 0)

    even, *_ = await check_clock(SystemClock())
    stepped, *_ = await check_clock(Stepped())

    assert even.level is Level.OK
    assert stepped.level is Level.WARN


async def test_the_codecs_the_transcoder_needs_are_there() -> None:
    assert [finding.level for finding in await check_codecs()] == [Level.OK]


@pytest.mark.real_time
def test_a_running_instance_answers_stun_on_the_address_it_announces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from web.__main__ import main

    with running(tmp_path / "data") as instance, pytest.MonkeyPatch.context() as patch:
        for name, value in instance.variables.items():
            patch.setenv(name, value)
        status = main(["doctor"])
    report = capsys.readouterr().out

    assert status == 0, report
    assert f"UDP {instance.variables['FANLIGHT_MEDIA_PORT']}: The media port answers a STUN binding request" in report
    assert not any("_doctor" in line and "worker_started" in line for line in instance.log)
