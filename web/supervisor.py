"""Keeps processes running: starts them, restarts what crashes, stops them in reverse order. It knows nothing of what they do."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from storage.clock import Clock, SystemClock
from web.backoff import Backoff

LINE_LIMIT = 16_384
NOT_FROM_HERE = {"PYTHONSAFEPATH": "1"}
"""Python must not take a folder ``web`` or ``storage`` of the working directory for ours."""
Report = Callable[[str, Mapping[str, str | int | float]], None]
"""Takes the name of a life-cycle event (``started``, ``exited``, ``ready``, ``stopped``) and its fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A process to keep running.

    ``ready`` says whether it serves; without it, it counts as ready once started. With ``first`` the programs behind it
    are started only when it is ready. Lines with one of the phrases in ``mute`` are not passed on. ``grace`` is how many
    seconds it gets after SIGTERM before SIGKILL.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready: Callable[[], Awaitable[bool]] | None = None
    first: bool = False
    mute: Sequence[str] = ()
    grace: float = 8.0


@dataclass(slots=True)
class _Life:
    program: Program
    over: asyncio.Event
    process: asyncio.subprocess.Process | None = None


class Supervisor:
    """Runs programs side by side, each in a process group of its own so that Ctrl-C in a terminal reaches only the supervisor.

    ``line(name, text)`` takes what the processes print, one line at a time (cut at 16 KiB); ``report`` takes life-cycle events.
    """

    def __init__(
        self, programs: Sequence[Program], *, line: Callable[[str, str], None], report: Report, clock: Clock | None = None
    ) -> None:
        self._lives = [_Life(program, asyncio.Event()) for program in programs]
        for life in self._lives:
            life.over.set()
        self._line = line
        self._report = report
        self._clock = clock or SystemClock()
        self._stopping = asyncio.Event()

    async def run(self, until: asyncio.Event, *, when_ready: Callable[[], None] = lambda: None) -> None:
        """Start everything, call ``when_ready`` once each program has been ready, and stop when ``until`` is set."""
        async with asyncio.TaskGroup() as tasks:
            start = tasks.create_task(self._start(tasks, when_ready), name="start")
            await until.wait()
            start.cancel()
            self._stopping.set()
            for life in reversed(self._lives):
                await self._stop(life)

    def kill(self) -> None:
        """Kill everything now: the second Ctrl-C."""
        for life in self._lives:
            if life.process is not None:
                _signal_group(life.process.pid, signal.SIGKILL)

    async def _keep(self, life: _Life) -> None:
        backoff = Backoff()
        program = life.program
        try:
            while not self._stopping.is_set():
                born = self._clock.monotonic()
                status = await self._live(life)
                if self._stopping.is_set():
                    return
                lived = self._clock.monotonic() - born
                wait = backoff.after(lived)
                self._report("exited", {"role": program.name, "status": status, "lived": round(lived, 3), "restart_in": wait})
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), wait)
        finally:
            life.over.set()

    async def _live(self, life: _Life) -> int:
        """One life of a process; returns its exit status, negative for a signal."""
        program = life.program
        # A pipe of our own: asyncio's would put off the news of the exit until every grandchild has closed its copy.
        read_end, write_end = os.pipe()
        try:
            life.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "web.leash",
                str(os.getpid()),
                *program.command,
                env=dict(program.environment) | NOT_FROM_HERE,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                process_group=0,
            )
        finally:
            os.close(write_end)
        if self._stopping.is_set():
            _signal_group(life.process.pid, signal.SIGKILL)
        self._report("started", {"role": program.name, "pid": life.process.pid})
        with os.fdopen(read_end, "rb", buffering=0) as output:
            async with asyncio.TaskGroup() as tasks:
                pump = tasks.create_task(self._pump(program, output), name=f"output of {program.name}")
                try:
                    status = await life.process.wait()
                finally:
                    # What a crashed process leaves behind (workers of its own) must not serve beside its successor.
                    _signal_group(life.process.pid, signal.SIGKILL)
                    life.process = None
                await asyncio.wait({pump}, timeout=1.0)
                pump.cancel()
        return status

    async def _pump(self, program: Program, output: object) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=LINE_LIMIT, loop=loop)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader, loop=loop), output)
        try:
            rest = b""
            while chunk := await reader.read(LINE_LIMIT):
                *lines, rest = (rest + chunk).split(b"\n")
                if len(rest) > LINE_LIMIT:
                    lines, rest = [*lines, rest], b""
                self._pass_on(program, lines)
            self._pass_on(program, [rest] if rest else [])
        finally:
            transport.close()

    def _pass_on(self, program: Program, lines: Sequence[bytes]) -> None:
        for line in lines:
            text = line[:LINE_LIMIT].decode(errors="replace").rstrip()
            if not any(phrase in text for phrase in program.mute):
                self._line(program.name, text)

    async def _start(self, tasks: asyncio.TaskGroup, when_ready: Callable[[], None]) -> None:
        waiting = []
        for life in self._lives:
            life.over.clear()
            tasks.create_task(self._keep(life), name=f"keep {life.program.name}")
            if life.program.first:
                await self._ready(life.program)
            else:
                waiting.append(life.program)
        for program in waiting:
            await self._ready(program)
        when_ready()

    async def _ready(self, program: Program) -> None:
        while program.ready is not None and not await program.ready():
            await self._clock.sleep(0.05)
        self._report("ready", {"role": program.name})

    async def _stop(self, life: _Life) -> None:
        if life.process is not None:
            with contextlib.suppress(ProcessLookupError):
                life.process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(life.over.wait(), life.program.grace)
        if life.process is not None:
            self._report("killed", {"role": life.program.name, "grace": life.program.grace})
            _signal_group(life.process.pid, signal.SIGKILL)
        await life.over.wait()
        self._report("stopped", {"role": life.program.name})


async def run_until_signalled(supervisor: Supervisor, *, when_ready: Callable[[], None], when_stopping: Callable[[], None]) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP (the terminal is gone); a second one kills what is still there."""
    stop = asyncio.Event()

    def signalled() -> None:
        if stop.is_set():
            supervisor.kill()
        else:
            when_stopping()
            stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, signalled)
    await supervisor.run(stop, when_ready=when_ready)


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
