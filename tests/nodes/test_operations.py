import asyncio
import ssl
import sys
from pathlib import Path

import pytest

from storage.model.errors import ErrorCode, Unavailable
from tests.fixtures.programs import free_port
from tests.nodes.instance import self_signed
from web.operations import Check, operations_app, readiness
from web.probe import probe
from web.serving import serving


async def fine() -> None:
    return None


async def away() -> None:
    raise Unavailable(ErrorCode.BUS_UNAVAILABLE, "The bus did not answer.")


async def broken() -> None:
    raise ValueError("with a secret in it")


async def hanging() -> None:
    await asyncio.Event().wait()


async def test_a_ready_process_says_so() -> None:
    client = operations_app({"bus": fine}).test_client()

    answer = await client.get("/readyz")

    assert answer.status_code == 200
    assert await answer.get_json() == {"ready": True, "degraded": False, "checks": {"bus": "ok"}}


async def test_a_process_that_is_not_ready_names_what_does_not_answer_and_is_healthy_all_the_same() -> None:
    client = operations_app({"bus": away, "database": fine}).test_client()

    ready, healthy = await client.get("/readyz"), await client.get("/healthz")

    assert ready.status_code == 503
    assert (await ready.get_json())["checks"] == {"bus": "The bus did not answer.", "database": "ok"}
    assert healthy.status_code == 200


@pytest.mark.parametrize(("database", "status"), [(fine, 200), (away, 503)])
async def test_a_process_is_ready_but_degraded_without_what_it_can_spare(database: Check, status: int) -> None:
    client = operations_app({"bus": away, "database": database}, spare={"bus"}).test_client()

    answer = await client.get("/readyz")

    told = await answer.get_json()
    assert answer.status_code == status
    assert (told["ready"], told["degraded"]) == (status == 200, status == 200)
    assert told["checks"]["bus"] == "The bus did not answer."


async def test_a_check_has_a_deadline_and_tells_no_secret() -> None:
    answers = await readiness({"hanging": hanging, "broken": broken, "fine": fine}, deadline=0.05)

    assert answers == {"hanging": "no answer within 0.05 s", "broken": "ValueError", "fine": "ok"}


async def test_metrics_are_in_prometheus_form() -> None:
    answer = await operations_app({}).test_client().get("/metrics")

    assert answer.content_type.startswith("text/plain; version=")
    assert b"python_info" in await answer.get_data()


async def test_a_served_application_answers_a_probe_and_is_gone_with_its_context() -> None:
    port = free_port()
    async with serving(operations_app({"bus": fine}), host="127.0.0.1", port=port):
        async with asyncio.timeout(10):
            while (answer := await probe(f"http://127.0.0.1:{port}/readyz")).status == 0:
                await asyncio.sleep(0.01)
        script = await asyncio.create_subprocess_exec(sys.executable, "-m", "web.probe", f"http://127.0.0.1:{port}/readyz")
        status = await script.wait()
    gone = await probe(f"http://127.0.0.1:{port}/readyz")

    assert (answer.status, '"ready":true' in answer.body) == (200, True)
    assert status == 0
    assert gone.status == 0


async def test_with_a_certificate_it_speaks_tls_and_http_2(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    port = free_port()
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    context.set_alpn_protocols(["h2"])
    async with serving(operations_app({}), host="127.0.0.1", port=port, certificate=certificate, key=key):
        async with asyncio.timeout(10):
            while (answer := await probe(f"https://127.0.0.1:{port}/readyz")).status == 0:
                await asyncio.sleep(0.01)
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        protocol = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        writer.close()
        await writer.wait_closed()

    assert answer.status == 200
    assert protocol == "h2"


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_who_sends_nothing_or_half_a_request_is_cut_off(sent: bytes) -> None:
    port = free_port()
    async with serving(operations_app({}), host="127.0.0.1", port=port):
        async with asyncio.timeout(10):
            while (await probe(f"http://127.0.0.1:{port}/healthz")).status == 0:
                await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        async with asyncio.timeout(30):
            rest = await reader.read()
        writer.close()

    assert b"200" not in rest
