"""PostgreSQL dies or hangs while an instance is asked all the time and a broadcast runs: askers must come back, viewers notice nothing."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Self

import httpx
import pytest

from tests.clients.publishers import fanlight, running
from tests.e2e import analysis
from tests.e2e.probe import Probe
from tests.e2e.stage import Stage
from tests.fixtures.platform import Platform, running_platform, wait_until
from tests.fixtures.postgres import PostgreSQL

pytestmark = [pytest.mark.faults, pytest.mark.alone, pytest.mark.timeout(120)]
PASSWORD = "correct horse battery staple"
ASKING = 8
"""Requests at once."""
AWAY = 5.0
SOON = 2.5
"""Seconds an answer may take: 2 are promised, and all who ask and publish share this machine."""


@dataclass(frozen=True, slots=True)
class Answer:
    at: float
    took: float
    request: str
    status: int
    code: str
    retry_after: str


@dataclass
class Load:
    """Asks without a pause, in several threads, what needs the database: as a stranger and signed in, reading and writing."""

    platform: Platform
    access: str
    seen: list[Answer] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._guarded, args=(number,)) for number in range(ASKING)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def first(self, status: int, since: float) -> float:
        """How many seconds after ``since`` a request was first answered so that was sent after it."""
        return wait_until(
            lambda: self._first(status, since), 20, f"an answer {status}; answered were {Counter(a.status for a in self.seen)}"
        )

    def _first(self, status: int, since: float) -> float | None:
        return next((one.at - since for one in list(self.seen) if one.status == status and one.at - one.took >= since), None)

    def _guarded(self, number: int) -> None:
        try:
            self._ask(number)
        except BaseException as error:
            self.failures.append(error)

    def _ask(self, number: int) -> None:
        signed_in = {"Authorization": f"Bearer {self.access}"}
        api, channel = f"{self.platform.origin}/api/v1", self.platform.channel
        requests = [
            ("GET", f"{api}/accounts/ada", {}),
            ("GET", f"{api}/sessions", signed_in),
            ("PUT", f"{api}/account/follows/{channel}", signed_in),
            ("GET", f"{api}/channels?search=a", {}),
        ]
        with httpx.Client(timeout=20) as client:
            for turn in itertools.count(number):
                if self._stop.wait(0.02):
                    return
                method, url, headers = requests[turn % len(requests)]
                began = time.monotonic()
                response = client.request(method, url, headers=headers, json={"notify": True} if method == "PUT" else None)
                now = time.monotonic()
                code = "" if response.is_success else str(response.json()["code"])
                told = Answer(now, now - began, f"{method} {url}", response.status_code, code, response.headers.get("Retry-After", ""))
                self.seen.append(told)


@pytest.fixture(scope="module")
def shared(postgres: PostgreSQL) -> Iterator[Platform]:
    with running_platform(DATABASE_URL=postgres.database(), FANLIGHT_RATE_LIMITS="1000") as found:
        yield found


@pytest.fixture(scope="module")
def access(shared: Platform) -> str:
    account = {"name": "ada", "password": PASSWORD}
    httpx.post(f"{shared.origin}/api/v1/accounts", json=account, timeout=10).raise_for_status()
    signed_in = httpx.post(f"{shared.origin}/api/v1/sessions", json={**account, "tokens": True}, timeout=10).raise_for_status()
    return str(signed_in.json()["tokens"]["access"])


@pytest.mark.parametrize("fault", ["killed", "hangs"])
def test_a_database_that_goes_away_costs_viewers_nothing_and_askers_two_seconds(
    shared: Platform, access: str, postgres: PostgreSQL, fault: str
) -> None:
    stage = Stage(shared.origin, shared.whip, shared.hls, shared.channel, shared.key)
    with ExitStack() as stack:
        publisher = stack.enter_context(running(fanlight(stage.whip, stage.key)))
        stage.wait_for_state("live", within=20)
        probe = stack.enter_context(Probe(stage.hls))
        load = stack.enter_context(Load(shared, access))
        load.first(200, time.monotonic())
        time.sleep(3)
        broken = time.monotonic()
        (postgres.kill if fault == "killed" else postgres.hang)()
        try:
            load.first(503, broken)
            time.sleep(AWAY)
        finally:
            (postgres.start if fault == "killed" else postgres.go_on)()
        back = time.monotonic()
        healed = load.first(200, back)
        time.sleep(2)
        well = [answer for answer in load.seen if answer.at > back + healed + 0.5]
        publisher.stop()
        probe.wait_for_end(15)
    longest = max(load.seen, key=lambda answer: answer.took)
    print(f"{fault}: {Counter((a.request, a.status) for a in load.seen)}, longest {longest}, first success after {healed:.2f} s")

    assert load.failures == []
    assert {(answer.status, answer.code) for answer in load.seen if answer.status not in {200, 204}} == {(503, "database_unavailable")}
    assert all(answer.retry_after for answer in load.seen if answer.status == 503)
    assert longest.took <= SOON, longest
    assert healed <= 2
    assert well
    assert {answer.status for answer in well} <= {200, 204}
    for watched in (probe.video, probe.audio):
        assert analysis.missing_msns(watched) == []
        assert analysis.discontinuities(watched) == 0
        assert watched.troubles == []
        assert analysis.stall(watched, hold_back=1.2) < 0.5
    assert analysis.lost_content(probe.video) < 70

    # The record of the broadcast, kept in memory meanwhile, is written.
    def recorded() -> bool:
        with suppress(httpx.HTTPError):
            newest = httpx.get(f"{shared.origin}/api/v1/channels/{shared.channel}/broadcasts", timeout=5).json()["items"][0]
            return newest["state"] == "ended" and newest["live_ms"] is not None
        return False

    wait_until(recorded, 15, "the broadcast to be recorded as ended")
