"""Schemathesis against a web role that really listens: cases made of its own description, answers held against it."""

import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import get_state_machine_test
from quart import Quart
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from storage.clock import SystemClock
from storage.model.account import Account, AccountRole
from storage.model.channel import Channel
from storage.model.chat import TermEffect, TermForm
from storage.model.event import Event
from storage.model.ids import ChannelName
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.contracts.room import Room
from tests.edge.process import free_port
from tests.web.people import Member, add_account, member
from web.api.openapi import openapi
from web.api.table import NOUNS, routes
from web.app import create_app
from web.serving import serving

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
"""A 500 is described nowhere; a 503 is, and what a machine with too much to do may say."""

STEPS = 8
"""Requests of one walk along the links."""

PATIENCE = 10.0
"""Seconds a request may take before that is a finding."""

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,35}")


@dataclass
class Findings:
    """``cases`` by status, and what was wrong, each once."""

    cases: Counter[int] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)

    def note(self, case: Any, response: Any, headers: dict[str, str]) -> None:
        """Count a case, and hold its answer against the description."""
        self.cases[response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS, headers=headers)
        except (Exception, BaseExceptionGroup) as error:
            said = "; ".join(str(one) for one in getattr(error, "exceptions", [error]))
            self.wrong.setdefault(f"{case.operation.label}: {response.status_code}", f"{said}\n{case!r}\n{response.text[:400]}")


@dataclass
class Explored:
    """A web role with somebody who may do everything, and things to do it to."""

    origin: str
    app: Quart
    storage: Storage
    asker: Member
    words: dict[str, str]

    async def explore(self, cases: int, number: int = 0) -> Findings:
        """Ask every route but the endless ones so many cases each."""
        findings = Findings()
        document = openapi(NOUNS)
        endless = {route.full_path for route in routes() if route.events}
        found: list[Any] = list(schemathesis.openapi.from_dict(document).get_all_operations())
        for operation in (one.ok() for one in found):
            if operation.path not in endless:
                await self._revive()
                await asyncio.to_thread(self._ask, operation, cases, number, findings)
        return findings

    async def follow(self, walks: int) -> Findings:
        """Go so often along the description's links: from what was made to reading, changing and deleting it."""
        findings = Findings()
        await asyncio.to_thread(self._follow, walks, findings, asyncio.get_running_loop())
        return findings

    def _follow(self, walks: int, findings: Findings, loop: asyncio.AbstractEventLoop) -> None:
        here = self
        endless = [route.identifier for route in routes() if route.events]
        described = schemathesis.openapi.from_dict(openapi(NOUNS)).exclude(operation_id=endless)
        described.config.update(base_url=self.origin)

        class Walk(described.as_state_machine()):  # type: ignore[misc]
            def setup(self) -> None:
                # Each walk is somebody else's: it may end with their account.
                asyncio.run_coroutine_threadsafe(here._revive(), loop).result(PATIENCE)

            def get_call_kwargs(self, _: Any) -> dict[str, Any]:
                return {"headers": here._shown(), "timeout": PATIENCE}

            def before_call(self, case: Any) -> None:
                case.cookies = {}
                case.headers = {name: value for name, value in (case.headers or {}).items() if name.lower() != "authorization"}
                # What a link says is kept; what was made up leads nowhere.
                given = case.path_parameters or {}
                case.path_parameters = {
                    name: value if _PLAIN.fullmatch(value) else here.words.get(name, value) for name, value in given.items()
                }
                if isinstance(case.body, dict):
                    case.body |= here._plausible(case.operation.definition.raw["operationId"])

            def validate_response(self, response: Any, case: Any, **_: Any) -> None:
                findings.note(case, response, here._shown())

        once = settings(
            max_examples=2,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            stateful_step_count=STEPS,
        )
        for number in range(walks):
            # What one walk left behind is there in the next, which Hypothesis takes for chance.
            with suppress(FlakyStrategyDefinition):
                seed(number)(get_state_machine_test(Walk, settings=once, _min_steps=STEPS // 2))()

    def _plausible(self, operation: str) -> dict[str, Any]:
        """What a body must say to make something, where any text does not do."""
        match operation:
            case "channels_create":
                return {"name": f"walk-{self._next()}", "title": "A walk"}
            case "webhooks_create":
                return {"url": "https://webhook.invalid/", "events": ["broadcast.ended"], "channel": None}
            case "api_tokens_create":
                return {"name": "bot", "scopes": ["chat"], "days": None}
            case "chat_terms_add":
                return {"text": f"term{self._next()}", "form": "literal"}
            case "chat_announcements_announce":
                return {"text": "Hello."}
            case "polls_open":
                return {"question": "Which?", "options": ["this", "that"], "seconds": 60}
            case _:
                return {}

    def _shown(self) -> dict[str, str]:
        """What the asker's browser sends along."""
        return {"Cookie": self.asker.cookie, "X-CSRF-Token": self.asker.csrf}

    async def _revive(self) -> None:
        """Whoever asked may have signed out, banned or deleted themselves."""
        self.asker = await member(self.app, self.storage, f"asker-{self._next()}", role=AccountRole.OPERATOR)

    def _next(self) -> int:
        self.words["count"] = str(int(self.words.get("count", "0")) + 1)
        return int(self.words["count"])

    def _ask(self, operation: Any, cases: int, number: int, findings: Findings) -> None:
        modes = [operation.as_strategy(GenerationMode.POSITIVE)]
        if operation.body or operation.query:
            modes.append(operation.as_strategy(GenerationMode.NEGATIVE))

        @seed(number)
        @settings(
            max_examples=cases,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            derandomize=False,
        )
        @given(case=st.one_of(modes), known=st.integers(0, 3))
        def one(case: Any, known: int) -> None:
            if known and case.path_parameters:
                # Random names lead nowhere: most cases are about what there is.
                case.path_parameters = {name: self.words.get(name, value) for name, value in case.path_parameters.items()}
            if known != 1:
                # What it makes up for the security schemes would be taken before ours.
                case.cookies = {}
                case.headers = {name: value for name, value in (case.headers or {}).items() if name.lower() != "authorization"}
            headers = self._shown() if known != 1 else {}
            try:
                response = case.call(base_url=self.origin, headers=headers, timeout=PATIENCE)
            except requests.Timeout:
                findings.wrong.setdefault(f"{operation.label}: late", repr(case))
                return
            except (requests.RequestException, UnicodeError):
                # The client refuses to send it.
                return
            findings.note(case, response, headers)

        one()


@asynccontextmanager
async def explored(redis_url: str) -> AsyncIterator[Explored]:
    """The web role, listening, until the block is left."""
    clock, port = SystemClock(), free_port()
    with tempfile.TemporaryDirectory(prefix="fl-") as folder:
        settings_ = Settings(data=Path(folder), redis_url=redis_url, secret="a secret of the tests", rate_limits=1000)
        async with open_storage(settings_) as storage:
            await storage.database.migrate()
            app = create_app(settings_, storage, clock)
            async with serving(app, host="127.0.0.1", port=port):
                asker = await member(app, storage, "asker", role=AccountRole.OPERATOR)
                await storage.channels.create(ChannelName("demo"), "Demo")
                channel = await storage.channels.get(ChannelName("demo"))
                key, _ = await storage.stream_keys.add(channel.name)
                webhook = await storage.webhooks.create(
                    storage.webhooks.new_id(),
                    asker.account.id,
                    channel.id,
                    url="https://webhook.invalid/",
                    secret=b"",
                    events={Event.BROADCAST_ENDED},
                )
                words = {"name": "demo", "channel": "demo", "account": "asker", "key": key.id, "webhook": webhook.id}
                words |= await _said(storage, channel, await add_account(storage, "talker"))
                async with asyncio.timeout(PATIENCE):
                    while not await _listens(port):
                        await asyncio.sleep(0.05)
                yield Explored(f"http://127.0.0.1:{port}", app, storage, asker, words)


async def _said(storage: Storage, channel: Channel, talker: Account) -> dict[str, str]:
    """Something was said, held and done in the channel's chat."""
    room = Room(storage, channel)
    message = await room.write(talker, "hello")
    await room.write(talker, "hmm", state="held", held_for='["spam"]')
    acted = await storage.moderation.deletions.delete(channel.id, await room.write(talker, "spam"), by=None)
    note, _ = await storage.moderation.notes.add(channel.id, talker.id, "Hm.", by=None)
    term, _ = await storage.moderation.terms.add(channel.id, TermForm.LITERAL, "darn", TermEffect.BLOCK, by=None, check=lambda _: None)
    await storage.bans.ban(channel.id, talker.id, by=None)
    appeal, _ = await storage.moderation.appeals.appeal(channel.id, talker.id, "Please.")
    told = {"message": message, "line": acted.logged[-1].id, "note": note, "term": term, "appeal": appeal}
    return {"account": "talker", **told}


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
