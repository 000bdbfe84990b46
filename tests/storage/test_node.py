"""The life of a process."""

import asyncio
import signal
import subprocess
import sys
import textwrap

import pytest

from storage.clock import SystemClock
from storage.model.errors import ErrorCode, Unavailable
from storage.node import Tasks, every


def started(body: str) -> subprocess.Popen[bytes]:
    """A process that says when it is ready."""
    script = textwrap.dedent("""
        import asyncio, sys
        from storage import log, node
        log.configure()
        node._CANCEL_GRACE = 0.5
        async def main(stop):
            print("ready", flush=True)
        BODY
        sys.exit(node.run(main, drain=0.5))
    """).replace("BODY", textwrap.indent(textwrap.dedent(body), "    ").strip("\n"))
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes]:
    output, _ = process.communicate(timeout=20)
    return process.returncode, output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_a_process_finish_what_it_does(number: signal.Signals) -> None:
    process = started("""
        await stop.wait()
        await asyncio.sleep(0.1)
        print("drained", flush=True)
    """)
    process.send_signal(number)
    assert ended(process) == (0, b"drained\n")


def test_a_process_that_does_not_drain_in_time_is_cancelled() -> None:
    process = started("""
        try:
            await asyncio.sleep(3600)
        finally:
            print("cancelled", flush=True)
    """)
    process.send_signal(signal.SIGTERM)
    assert ended(process) == (70, b"cancelled\n")


def test_a_process_that_ignores_even_that_is_ended() -> None:
    process = started("""
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                print("no", flush=True)
    """)
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 70


def test_a_second_signal_does_not_wait_for_the_drain() -> None:
    process = started("""
        await stop.wait()
        print("stopping", flush=True)
        await asyncio.sleep(3600)
    """)
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == b"stopping\n"
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 70


def test_a_process_that_fails_says_so_by_its_status() -> None:
    assert ended(started("raise RuntimeError"))[0] == 1
    assert ended(started("return"))[0] == 0


async def test_leaving_the_block_cancels_its_tasks_and_waits_for_them() -> None:
    ends: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.01)
            ends.append(name)

    async with Tasks("test") as tasks:
        for name in "ab":
            tasks.start(name, work(name))
        await asyncio.sleep(0)
        assert len(tasks) == 2
    assert sorted(ends) == ["a", "b"]


async def test_a_task_that_fails_ends_the_block_and_the_other_tasks() -> None:
    async def fail() -> None:
        raise ValueError

    async def block() -> None:
        async with Tasks("test") as tasks:
            tasks.start("other", asyncio.sleep(3600))
            tasks.start("fail", fail())
            await asyncio.sleep(3600)

    with pytest.raises(ExceptionGroup) as raised:
        await block()
    assert raised.group_contains(ValueError)


async def test_what_the_block_raises_leaves_it_unchanged() -> None:
    error = Unavailable(ErrorCode.BUS_UNAVAILABLE, "away")

    async def block() -> None:
        async with Tasks("test") as tasks:
            tasks.start("other", asyncio.sleep(3600))
            raise error

    with pytest.raises(Unavailable) as raised:
        await block()
    assert raised.value is error


async def test_a_dependency_that_is_away_does_not_end_what_is_done_every_so_often() -> None:
    done = asyncio.Event()
    calls = 0

    async def action() -> None:
        nonlocal calls
        calls += 1
        if calls < 4:
            raise Unavailable(ErrorCode.BUS_UNAVAILABLE, "away")
        done.set()

    async with Tasks("test") as tasks, asyncio.timeout(10):
        tasks.start("every", every(SystemClock(), 0.01, action, name="action"))
        await done.wait()
