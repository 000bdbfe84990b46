"""What other sites, and what people write, can do in a real browser: nothing."""

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Tab
from tests.browser.test_people import PASSWORD, create_channel, sign_up
from tests.fixtures.platform import Platform
from web.api.route import Route
from web.api.table import routes

pytestmark = pytest.mark.browser

ATTACK = """<!doctype html><meta charset=utf-8><title>Win a prize</title><body></body>"""
EVERYTHING_A_SCRIPT_CAN_READ = """async () => {
  const asked = (request) => new Promise((tell, fail) => {
    request.onsuccess = () => tell(request.result);
    request.onerror = () => fail(request.error);
  });
  const records = [];
  for (const {name} of await indexedDB.databases()) {
    const database = await asked(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      records.push(await asked(database.transaction(store).objectStore(store).getAll()));
    }
    database.close();
  }
  const kept = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      kept.push(request.url, await (await cache.match(request)).text());
    }
  }
  return JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}, records, kept, document.documentElement.outerHTML]);
}"""
STANDING = """async () => {
  const told = {};
  const paths = ['account', 'sessions', 'account/channels', 'account/follows', 'account/blocks', 'account/api-tokens', 'webhooks'];
  const mine = (await (await fetch('/api/v1/account/channels')).json()).items[0].channel;
  for (const path of [...paths, ...['', '/keys', '/roles', '/bans'].map((part) => `channels/${mine}${part}`)]) {
    const answer = await fetch(`/api/v1/${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    told[path] = JSON.stringify(await answer.json()).replace(/"(last_)?used_at":"[^"]*"/g, '');
  }
  return told;
}"""
SENDS_BLINDLY = """(url) => fetch(url, {
  method: 'POST', body: '{"name": "stolen"}', mode: 'no-cors', credentials: 'include', headers: {'Content-Type': 'text/plain'},
})"""
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
    create_channel(here.page, platform, "coras", "Cora's channel")
    (cookie,) = [one for one in here.context.cookies() if "fanlight" in one.get("name", "")]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    secret = cookie["value"].rpartition(".")[2]
    assert len(secret) >= 43

    for path in ("", "account#security", "dashboard/coras#keys", "watch/coras", "studio?channel=coras"):
        here.page.goto("about:blank")
        here.page.goto(f"{platform.home}{path}")
        here.page.wait_for_load_state("networkidle")
        seen = here.page.evaluate(EVERYTHING_A_SCRIPT_CAN_READ)
        assert secret not in seen, path
        assert "eyJ" not in seen, path
        assert PASSWORD not in seen, path


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


@pytest.mark.parametrize("way", ["a script", "a script that wants to read", "a form"])
def test_no_route_does_anything_for_another_sites_page(platform: Platform, tab: Callable[..., Tab], elsewhere: str, way: str) -> None:
    here = tab()
    name = f"victim{len(way)}"
    sign_up(here, platform, name)
    create_channel(here.page, platform, f"{name}s", "Of a victim")
    before = here.page.evaluate(STANDING)

    evil = here.context.new_page()
    evil.goto(elsewhere)
    arrived: dict[str, int] = {}
    # What a preflight stopped has no answer; what a browser sends without asking has one, also where no script may read it.
    evil.on("response", lambda told: arrived.update({f"{told.request.method} {told.url}": told.status}))
    asked = [(route.method, address(platform, route, name)) for route in routes() if route.method != "GET"]
    for method, url in asked:
        if way == "a form" and method == "POST":
            _posts_a_form(evil, url)
            evil.goto(elsewhere)
        elif way == "a script" and method == "POST":
            evil.evaluate(SENDS_BLINDLY, url)
        elif way == "a script that wants to read":
            assert _asks(evil, url, method, "application/json") == "nothing was readable", (method, url)
    evil.close()

    changing = {key: status for key, status in arrived.items() if not key.startswith(("GET", "OPTIONS"))}
    posts = sum(method == "POST" for method, _ in asked)
    assert len(changing) == (0 if way == "a script that wants to read" else posts)
    assert all(400 <= status < 500 for status in changing.values()), changing
    assert here.page.evaluate(STANDING) == before


def address(platform: Platform, route: Route, name: str) -> str:
    """Where the route would do something for the account of that name."""
    words = {"name": name if "/account" in route.path else f"{name}s", "channel": f"{name}s", "account": name}
    path = re.sub(r"{(\w+)}", lambda found: words.get(found[1], "01hzzzzzzzzzzzzzzzzzzzzzzz"), route.full_path)
    return f"{platform.origin}{path}"


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
