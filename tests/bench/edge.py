"""Requests a second of one edge process against nginx serving the same bytes: ``python -m tests.bench.edge``.

The server has one core, the load generator (``wrk``) the other; the two servers take turns, and medians are printed.
"""

import argparse
import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from storage.bus.redis import Bus
from storage.clock import SystemClock
from storage.embedded import embedded_server, server_url
from storage.objects.files import FileStore
from tests.edge.process import free_port, running_edge
from tests.edge.publisher import Publisher

NGINX = """\
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.err;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=1000;
  default_type video/iso.segment;
  types {{ application/vnd.apple.mpegurl m3u8; }}
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/www;
    add_header Cache-Control "public, max-age=18";
    add_header Access-Control-Allow-Origin "*";
  }}
}}
"""
CONNECTIONS = 64


@dataclass(frozen=True)
class Case:
    name: str
    edge: str
    nginx: str


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        sys.exit(f"{name} is missing: apt-get install {name} (scripts/provision-tests does)")
    return found


@dataclass(frozen=True)
class Server:
    url: str
    pid: int

    def cpu(self) -> float:
        """Seconds of processor time of the process and its children so far."""
        process = psutil.Process(self.pid)
        times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
        return sum(one.user + one.system for one in times)

    def rate(self, path: str, seconds: float) -> float:
        """Requests per second of processor time, with the load coming from the second core.

        On a quiet machine the server's core is busy all the time and this is requests a second; on a shared one it still compares.
        """
        before = self.cpu()
        command = ["taskset", "-c", "1", program("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", self.url + path]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in out:
            sys.exit(f"{path} was refused under load:\n{out}")
        return int(re.findall(r"(\d+) requests in", out)[0]) / (self.cpu() - before)


@contextmanager
def running_nginx(folder: Path) -> Iterator[Server]:
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    process = subprocess.Popen(["taskset", "-c", "0", program("nginx"), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait()


@asynccontextmanager
async def broadcast(folder: Path, part_bytes: int) -> AsyncIterator[tuple[Server, Publisher]]:
    """An edge on the first core with a broadcast that stands still."""
    async with embedded_server(folder / "bus.sock"):
        url = server_url(folder / "bus.sock")
        bus = Bus(url, SystemClock())
        publisher = Publisher(bus, FileStore(folder / "objects"), filler=part_bytes // 96 * 8)
        await publisher.begin()
        await publisher.segments(30)
        await publisher.parts(2)
        with running_edge(url, folder) as edge:
            os.sched_setaffinity(edge.pid, {0})
            for thread in Path(f"/proc/{edge.pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {0})
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(keep(publisher))
                yield Server(edge.url, edge.pid), publisher
                keeping.cancel()
        await bus.close()


async def keep(publisher: Publisher) -> None:
    while True:
        await publisher.announce()
        await asyncio.sleep(2)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--part-bytes", type=int, default=125_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "www").mkdir()
        folder.chmod(0o755)
        async with broadcast(folder, arguments.part_bytes) as (edge, publisher):
            with running_nginx(folder) as nginx:
                for case in await cases(edge.url, publisher, folder):
                    await compare(case, edge, nginx, arguments.runs, arguments.seconds)


async def cases(edge: str, publisher: Publisher, folder: Path) -> list[Case]:
    media = f"/hls/demo/video/media.m3u8?_HLS_msn={publisher.msn}&_HLS_part=0"
    delta = f"{media}&_HLS_skip=YES"
    part = f"/hls/demo/video/{publisher.broadcast}/{publisher.msn}.0.m4s"
    audio = f"/hls/demo/audio/{publisher.broadcast}/{publisher.msn}.0.m4s"
    found = []
    async with httpx.AsyncClient(base_url=edge) as client:
        for name, path in (("playlist", media), ("delta", delta), ("part", part), ("audio part", audio)):
            response = await client.get(path, headers={"accept-encoding": "identity"})
            response.raise_for_status()
            file = name.replace(" ", "-") + (".m3u8" if "m3u8" in path else ".m4s")
            (folder / "www" / file).write_bytes(response.content)
            found.append(Case(f"{name} of {len(response.content)} bytes", path, f"/{file}"))
    return found


async def compare(case: Case, edge: Server, nginx: Server, runs: int, seconds: float) -> None:
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(await asyncio.to_thread(edge.rate, case.edge, seconds))
        theirs.append(await asyncio.to_thread(nginx.rate, case.nginx, seconds))
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(f"edge {case.name}: {mine:.0f} requests per CPU second, nginx {other:.0f}, ratio {mine / other:.2f} (target 0.40)", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
