"""``fanlight doctor``: looks at this machine and this installation, and says what to do."""

import argparse
import asyncio
import dataclasses
import json
import os

from storage.clock import SystemClock
from storage.model.errors import Unavailable
from storage.opening import open_storage
from storage.settings import Settings
from web.checkup.clock import check_clock
from web.checkup.codecs import check_codecs
from web.checkup.disk import check_disk
from web.checkup.finding import Finding, Level
from web.checkup.media import check_idle_media, check_running_media
from web.checkup.ports import check_ports
from web.checkup.services import check_services
from web.instance import of_this_machine

MARK = {Level.OK: " ok ", Level.WARN: "warn", Level.FAIL: "FAIL"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; 1 when one is a failure."""
    settings = Settings.from_environment(os.environ)
    findings = asyncio.run(_examine(settings))
    if arguments.json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            print(f"[{MARK[finding.level]}] {finding.subject}: {finding.meaning}")
            if finding.advice:
                print(f"       {finding.advice}")
    return 1 if any(finding.level is Level.FAIL for finding in findings) else 0


async def _examine(settings: Settings) -> list[Finding]:
    clock = SystemClock()
    findings = [*check_disk(settings.data, clock), *await check_clock(clock), *await check_codecs()]
    whole = of_this_machine(settings)
    async with open_storage(whole) as storage:
        try:
            await storage.bus.ping()
        except Unavailable:
            running = False
        else:
            running = True
        findings += check_ports(settings, running=running, whole=not settings.redis_url)
        findings += await (check_running_media(storage.bus, settings) if running else check_idle_media(settings))
        if running or settings.redis_url:
            findings += await check_services(storage, settings)
    return findings
