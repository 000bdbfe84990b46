"""Do the bus, the database and the bucket answer?"""

import contextlib

from storage.model.errors import NotFound
from storage.opening import Storage
from storage.settings import Settings
from web.checkup.finding import Finding, fail, ok
from web.operations import Check, readiness

DEADLINE = 5.0


async def check_services(storage: Storage, settings: Settings) -> list[Finding]:
    """One finding for each."""
    checks: dict[str, Check] = {"bus": storage.bus.ping, "database": storage.database.ping, "object store": lambda: _look(storage)}
    advice = {
        "bus": "Start it, or correct REDIS_URL.",
        "database": "Start it, or correct DATABASE_URL.",
        "object store": "Correct the FANLIGHT_S3_... settings." if settings.s3_bucket else "Make the data folder writable.",
    }
    answers: dict[str, str] = {}
    for name, check in checks.items():
        # One after the other: a driver being loaded for one holds up the answer of another beyond its own short deadline.
        answers |= await readiness({name: check}, deadline=DEADLINE)
    return [ok(name, "Answers.") if answer == "ok" else fail(name, answer, advice[name]) for name, answer in answers.items()]


async def _look(storage: Storage) -> None:
    """Ask for an object that is never there; that answer is a good one."""
    with contextlib.suppress(NotFound):
        await storage.objects.head("doctor/none")
