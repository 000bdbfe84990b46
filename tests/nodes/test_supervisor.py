import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import psutil

from web.backoff import Backoff
from web.supervisor import Program, Supervisor

DEADLINE = 30.0
SLEEPER = "import time; print('awake', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('awake', flush=True); time.sleep(600)"
WITH_CHILD = (
    "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    " print(child.pid, flush=True); time.sleep(600)"
)


def program(name: str, code: str, *, grace: float = 5.0) -> Program:
    return Program(name=name, command=[sys.executable, "-c", code], environment=dict(os.environ), grace=grace)


class Diary:
    """What the supervisor told, and a way to wait for it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.events: list[tuple[str, Mapping[str, str | int | float]]] = []
        self.news = asyncio.Event()
        self.until = asyncio.Event()

    def line(self, name: str, text: str) -> None:
        self.lines.append((name, text))
        self.news.set()

    def report(self, event: str, fields: Mapping[str, str | int | float]) -> None:
        self.events.append((event, fields))
        self.news.set()

    def pids(self, role: str) -> list[int]:
        return [int(fields["pid"]) for event, fields in self.events if event == "started" and fields["role"] == role]

    async def lines_of(self, name: str, count: int) -> list[str]:
        async with asyncio.timeout(DEADLINE):
            while len(found := [text for who, text in self.lines if who == name]) < count:
                self.news.clear()
                await self.news.wait()
        return found


async def gone(pid: int) -> bool:
    async with asyncio.timeout(DEADLINE):
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.02)
    return True


async def test_a_crashed_program_is_started_again() -> None:
    diary = Diary()
    supervisor = Supervisor([program("role", SLEEPER)], line=diary.line, report=diary.report)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run(diary.until))
        await diary.lines_of("role", 1)
        os.kill(diary.pids("role")[0], signal.SIGKILL)
        await diary.lines_of("role", 2)
        diary.until.set()

    exits = [fields for event, fields in diary.events if event == "exited"]
    assert [(fields["status"], fields["restart_in"]) for fields in exits] == [(-signal.SIGKILL, 0.2)]
    assert await gone(diary.pids("role")[1])


async def test_programs_stop_in_reverse_order_and_the_stubborn_are_killed() -> None:
    diary = Diary()
    programs = [program("first", SLEEPER), program("second", STUBBORN, grace=0.3), program("third", SLEEPER)]
    supervisor = Supervisor(programs, line=diary.line, report=diary.report)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run(diary.until))
        for one in programs:
            await diary.lines_of(one.name, 1)
        diary.until.set()

    assert [fields["role"] for event, fields in diary.events if event == "stopped"] == ["third", "second", "first"]
    assert [fields["role"] for event, fields in diary.events if event == "killed"] == ["second"]


async def test_a_first_program_is_ready_before_the_next_is_started_and_all_are_before_readiness_is_told() -> None:
    diary = Diary()
    asked: list[str] = []

    def ready(name: str) -> Callable[[], Awaitable[bool]]:
        async def answer() -> bool:
            asked.append(name)
            return asked.count(name) > 2

        return answer

    programs = [replace(program(name, SLEEPER), ready=ready(name), first=name == "bus") for name in ("bus", "role")]
    supervisor = Supervisor(programs, line=diary.line, report=diary.report)
    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run(diary.until, when_ready=diary.until.set))

    order = [(event, fields["role"]) for event, fields in diary.events if event in {"started", "ready"}]
    assert order.index(("ready", "bus")) < order.index(("started", "role")) < order.index(("ready", "role"))


async def test_what_a_crashed_program_started_dies_before_its_successor_starts() -> None:
    diary = Diary()
    supervisor = Supervisor([program("role", WITH_CHILD)], line=diary.line, report=diary.report)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run(diary.until))
        child = int((await diary.lines_of("role", 1))[0])
        os.kill(diary.pids("role")[0], signal.SIGKILL)
        await diary.lines_of("role", 2)
        assert await gone(child)
        diary.until.set()


async def test_long_and_unfinished_lines_are_passed_on_cut() -> None:
    diary = Diary()
    supervisor = Supervisor(
        [program("role", "import time; print('x' * 100_000); print('end', end='', flush=True)")], line=diary.line, report=diary.report
    )

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run(diary.until))
        while not any(text == "end" for _, text in diary.lines):
            await diary.lines_of("role", len(diary.lines) + 1)
        diary.until.set()

    assert max(len(text) for _, text in diary.lines) <= 32_768


async def test_a_second_ctrl_c_kills_at_once() -> None:
    diary = Diary()
    supervisor = Supervisor([program("role", STUBBORN, grace=600.0)], line=diary.line, report=diary.report)

    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as tasks:
        tasks.create_task(supervisor.run(diary.until))
        await diary.lines_of("role", 1)
        diary.until.set()
        await asyncio.sleep(0)
        supervisor.kill()

    assert await gone(diary.pids("role")[0])


async def test_nothing_survives_a_sigkill_of_the_supervisor(tmp_path: Path) -> None:
    script = tmp_path / "supervise.py"
    script.write_text(
        "import asyncio, os, sys\n"
        "from web.supervisor import Program, Supervisor\n"
        f"sleeper = Program(name='s', command=[sys.executable, '-c', {SLEEPER!r}], environment=dict(os.environ))\n"
        "report = lambda event, fields: print(event, fields.get('pid', ''), flush=True)\n"
        "line = lambda name, text: print(text, flush=True)\n"
        "asyncio.run(Supervisor([sleeper], line=line, report=report).run(asyncio.Event()))\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        pid = 0
        for text in supervisor.stdout:
            if text.startswith("started"):
                pid = int(text.split()[1])
            if text.startswith("awake"):
                break
        assert psutil.pid_exists(pid)
        supervisor.kill()

    assert await gone(pid)


def test_the_wait_doubles_to_a_ceiling_and_a_stable_life_starts_over() -> None:
    backoff = Backoff(first=0.2, ceiling=1.0, stable=10.0)

    assert [backoff.after(0.1) for _ in range(5)] == [0.2, 0.4, 0.8, 1.0, 1.0]
    assert backoff.after(11.0) == 0.2
    assert backoff.after(0.1) == 0.4
