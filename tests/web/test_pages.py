from pathlib import Path

import pytest
from quart import Quart

from storage.settings import Settings
from tests.web.conftest import PAGE, Site
from web.addresses import Addresses
from web.pages import pages_blueprint

PATHS = (
    "/",
    "/studio",
    "/watch/demo",
    "/embed/demo",
    "/favicon.ico",
    "/nowhere",
    "/static/nothing.js",
    "/api/v1/time",
    "/api/v1/broadcasts",
    "/api/v1/channels/demo",
    "/api/v1/channels/nobody",
    "/api/v1/nothing",
    "/api/v1/channels/demo/session/statistics",
    "/api/docs",
    "/api/openapi.json",
    "/whip/demo",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
async def test_every_answer_is_armoured(site: Site, path: str, accept: str) -> None:
    response = await site.client.get(path, headers={"Accept": accept})
    policy = response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert response.mimetype != "text/html" or "require-trusted-types-for 'script'" in policy
    assert ("frame-ancestors *" if path.startswith("/embed/") and response.mimetype == "text/html" else "frame-ancestors 'none'") in policy
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "Cache-Control" in response.headers


async def test_the_policy_of_a_page_lets_media_come_from_the_edge_and_chat_from_the_socket_only(site: Site) -> None:
    response = await site.client.get("/watch/demo", headers=PAGE)
    assert "connect-src 'self' http://localhost:8123 ws://localhost;" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("host", ["evil.example; script-src *", "a b", "'unsafe-inline'", "x" * 300, "[::1", "é.example"])
def test_a_hostile_host_header_gets_nowhere(host: str) -> None:
    assert Addresses(Settings(edge_port=8123)).edge_origin(host) == "http://127.0.0.1:8123"


@pytest.mark.parametrize(
    ("host", "expected"),
    [("stream.example", "http://stream.example:8123"), ("10.0.0.7:8000", "http://10.0.0.7:8123"), ("[::1]:8000", "http://[::1]:8123")],
)
def test_the_edge_is_found_under_the_name_the_page_was_asked_by(host: str, expected: str) -> None:
    assert Addresses(Settings(edge_port=8123)).edge(host) == expected


def test_a_configured_edge_wins() -> None:
    addresses = Addresses(Settings(edge_url="https://cdn.example/live/"))
    assert addresses.edge("anything") == "https://cdn.example/live"
    assert addresses.edge_origin("anything") == "https://cdn.example"


async def test_a_browser_gets_a_page_for_an_error_and_a_program_a_problem(site: Site) -> None:
    page = await site.client.get("/nowhere", headers=PAGE)
    problem = await site.client.get("/nowhere")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "not_found" in await page.get_data(as_text=True)
    assert (problem.status_code, problem.mimetype) == (404, "application/problem+json")


async def test_a_wrong_method_says_which_are_right(site: Site) -> None:
    response = await site.client.post("/api/v1/time")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert (await response.get_json())["code"] == "method_not_allowed"


async def test_an_oversized_body_is_refused(site: Site) -> None:
    response = await site.client.post("/api/v1/channels/demo/latency", data=b"x" * 300_000, headers={"Content-Type": "application/json"})
    assert (response.status_code, (await response.get_json())["code"]) == (413, "body_too_large")


async def test_a_missing_front_end_says_how_to_build_it(tmp_path: Path) -> None:
    app = Quart("web", static_folder=None)
    app.register_blueprint(pages_blueprint(tmp_path))
    response = await app.test_client().get("/")
    assert response.status_code == 503
    assert "scripts/frontend build" in await response.get_data(as_text=True)


async def test_assets_are_kept_for_ever_and_pages_asked_for_anew(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a-1234.js").write_text("1")
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path.parent / "secret.txt").write_text("no")
    app = Quart("web", static_folder=None)
    app.register_blueprint(pages_blueprint(tmp_path))
    client = app.test_client()
    asset = await client.get("/static/assets/a-1234.js")
    page = await client.get("/")
    assert "immutable" in asset.headers["Cache-Control"]
    assert asset.mimetype == "text/javascript"
    assert page.headers["Cache-Control"] == "no-cache"
    again = await client.get("/static/assets/a-1234.js", headers={"If-None-Match": asset.headers["ETag"]})
    assert again.status_code == 304
    for outside in ("/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/assets/../../secret.txt"):
        assert (await client.get(outside)).status_code in {404, 500}
