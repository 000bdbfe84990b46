"""What other sites, and what people write, can do in a real browser: nothing."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Tab
from tests.browser.test_people import PASSWORD, create_channel, sign_up
from tests.fixtures.platform import Platform

pytestmark = pytest.mark.browser

ATTACK = """<!doctype html><meta charset=utf-8><title>Win a prize</title><body></body>"""
HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'


class Elsewhere(BaseHTTPRequestHandler):
    """A page of another origin."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(ATTACK.encode())

    def log_message(self, *_: object) -> None:
        """Not of interest."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def localhost(address: str) -> str:
    """The same server under the name for which browsers keep ``Secure`` cookies."""
    place = urlsplit(address)
    return f"http://localhost:{place.port}{place.path}"


def test_no_script_reads_a_token_or_the_sessions_cookie(platform: Platform, tab: Callable[..., Tab]) -> None:
    here = tab()
    sign_up(here, platform, "cora")
    (cookie,) = [one for one in here.context.cookies() if "fanlight" in one.get("name", "")]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")

    seen = here.page.evaluate("() => JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])")

    secret = cookie["value"].rpartition(".")[2]
    assert len(secret) >= 43
    assert secret not in seen
    assert "eyJ" not in seen
    assert PASSWORD not in seen


def test_on_localhost_and_over_tls_the_cookie_belongs_to_this_host_alone(platform: Platform, tab: Callable[..., Tab]) -> None:
    here = tab()
    here.page.goto(f"{localhost(platform.home)}signup")
    here.page.get_by_label("Name", exact=True).fill("hosta")
    here.page.get_by_label("Password").fill(PASSWORD)
    here.page.get_by_role("button", name="Create account").click()
    expect(here.page).to_have_url(f"{localhost(platform.home)}dashboard")
    (cookie,) = [one for one in here.context.cookies() if "fanlight" in one.get("name", "")]
    assert (cookie["name"], cookie["secure"], cookie["domain"]) == ("__Host-fanlight", True, "localhost")


def test_another_sites_page_changes_and_reads_nothing(platform: Platform, tab: Callable[..., Tab], elsewhere: str) -> None:
    here = tab()
    sign_up(here, platform, "vera")
    create_channel(here.page, platform, "veras", "Vera's channel")
    api = f"{platform.origin}/api/v1"

    # 127.0.0.1 with another port is the same site and another origin: SameSite does not help, so everything else must.
    evil = here.context.new_page()
    evil.goto(elsewhere)
    for method, path, kind in (
        ("POST", "/channels", "text/plain"),
        ("POST", "/channels", "application/json"),
        ("DELETE", "/channels/veras", "application/json"),
        ("POST", "/channels/veras/keys", "text/plain"),
        ("DELETE", "/session", "text/plain"),
        ("POST", "/sessions", "text/plain"),
    ):
        assert _asks(evil, f"{api}{path}", method, kind) == "nothing was readable", (method, path, kind)
    for path in ("/session", "/account", "/sessions"):
        assert _asks(evil, f"{api}{path}", "GET", "") == "nothing was readable", path
    _posts_a_form(evil, f"{api}/channels")
    evil.goto(elsewhere)
    _posts_a_form(evil, f"{api}/session")
    evil.close()

    here.page.reload()
    expect(here.page.get_by_role("heading", name="Vera's channel")).to_be_visible()
    told = here.page.evaluate("async () => (await (await fetch('/api/v1/account/channels')).json()).items.map((one) => one.channel)")
    assert told == ["veras"]
    keys = here.page.evaluate("async () => (await (await fetch('/api/v1/channels/veras/keys')).json()).items.length")
    assert keys == 0


def _asks(page: Page, url: str, method: str, kind: str) -> str:
    """What a script of another origin gets to read, sending the cookie."""
    found: str = page.evaluate(
        """async ([url, method, kind]) => {
          const body = method === 'GET' || method === 'DELETE' ? undefined : '{"name": "stolen"}';
          try {
            const answer = await fetch(url, {method, body, credentials: 'include', headers: kind ? {'Content-Type': kind} : {}});
            return `${answer.status} ${await answer.text()}`;
          } catch { return 'nothing was readable'; }
        }""",
        [url, method, kind],
    )
    return found


def _posts_a_form(page: Page, url: str) -> None:
    """A form that a browser sends with the cookie, and JSON smuggled in as its text."""
    with page.expect_navigation():
        page.evaluate(
            """(url) => {
              const form = Object.assign(document.createElement('form'), {action: url, method: 'post', enctype: 'text/plain'});
              const field = Object.assign(document.createElement('input'), {name: '{"name": "stolen", "x": "', value: '"}'});
              form.append(field);
              document.body.append(form);
              form.submit();
            }""",
            url,
        )


def test_no_text_becomes_a_script_in_our_pages(platform: Platform, tab: Callable[..., Tab]) -> None:
    here = tab()
    here.page.goto(platform.home)
    tries = [
        "() => { document.createElement('div').innerHTML = '<b>x</b>'; }",
        "() => { document.createElement('script').src = '/assets/x.js'; }",
        "() => { new Worker('/assets/x.js'); }",
    ]
    for attempt in tries:
        refused = here.page.evaluate(f"async () => {{ try {{ await ({attempt})(); return ''; }} catch (error) {{ return error.name; }} }}")
        assert refused == "TypeError", attempt
    here.faults.clear()


def test_what_people_write_is_text_wherever_it_is_shown(platform: Platform, tab: Callable[..., Tab]) -> None:
    here = tab()
    sign_up(here, platform, "xena")
    create_channel(here.page, platform, "xss", HOSTILE)
    here.page.evaluate(
        """async (text) => {
          const csrf = (await (await fetch('/api/v1/session')).json()).csrf;
          const change = async (path, body) => {
            const etag = (await fetch(path)).headers.get('ETag');
            const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': csrf, 'If-Match': etag};
            const answer = await fetch(path, {method: 'PATCH', headers, body: JSON.stringify(body)});
            if (!answer.ok) throw new Error(`${path} ${answer.status} ${await answer.text()}`);
          };
          await change('/api/v1/channels/xss', {description: text, category: text.slice(0, 40)});
          await change('/api/v1/account', {display_name: text.slice(0, 60)});
        }""",
        HOSTILE,
    )
    for path in ("watch/xss", "dashboard/xss", "dashboard", "account", ""):
        here.page.goto(f"{platform.home}{path}")
        here.page.wait_for_load_state("networkidle")
        assert here.page.evaluate("() => window.pwned ?? 0") == 0, path
        assert here.page.evaluate("() => document.querySelectorAll('img[src=x], body script:not([src])').length") == 0, path
    here.page.goto(f"{platform.origin}/watch/xss")
    expect(here.page.get_by_text(HOSTILE).first).to_be_visible()
