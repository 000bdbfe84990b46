"""What operators ask a process: ``/healthz`` (it is up), ``/readyz`` (its dependencies answer), ``/metrics`` (Prometheus)."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from quart import Blueprint, Quart, Response, jsonify

from storage.model.errors import FanlightError

CHECK_DEADLINE = 1.0
"""Seconds a dependency has for its answer."""

Check = Callable[[], Awaitable[object]]
"""Returns when its dependency works, raises when not."""


async def readiness(checks: Mapping[str, Check], *, deadline: float = CHECK_DEADLINE) -> dict[str, str]:
    """Every check's name with ``ok`` or what is wrong, all asked at once."""

    async def ask(check: Check) -> str:
        try:
            async with asyncio.timeout(deadline):
                await check()
        except TimeoutError:
            return f"no answer within {deadline:g} s"
        except FanlightError as error:
            return error.detail
        except Exception as error:
            return type(error).__name__
        return "ok"

    async with asyncio.TaskGroup() as tasks:
        asked = {name: tasks.create_task(ask(check), name=f"check {name}") for name, check in checks.items()}
    return {name: task.result() for name, task in asked.items()}


def operations_blueprint(checks: Mapping[str, Check], *, spare: Collection[str] = ()) -> Blueprint:
    """The three addresses, for an application that serves more than them. Without what is ``spare`` it is ready, but degraded."""
    blueprint = Blueprint("operations", __name__)

    @blueprint.get("/healthz")
    async def healthz() -> Response:
        return Response("ok\n", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})

    @blueprint.get("/readyz")
    async def readyz() -> Response:
        answers = await readiness(checks)
        wrong = {name for name, answer in answers.items() if answer != "ok"}
        ready = wrong.issubset(spare)
        response = jsonify(ready=ready, degraded=ready and bool(wrong), checks=answers)
        response.status_code = 200 if ready else 503
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})

    return blueprint


def operations_app(checks: Mapping[str, Check], *, spare: Collection[str] = ()) -> Quart:
    """The three addresses alone, for a role that has no web server of its own. ``spare`` as in :func:`operations_blueprint`."""
    app = Quart("operations", static_folder=None)
    app.register_blueprint(operations_blueprint(checks, spare=spare))
    return app
