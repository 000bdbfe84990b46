"""Signing in with a real, certified OpenID provider (panva's oidc-provider), as a browser does."""

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
import pytest_asyncio
from quart import Quart, Response

from storage.clock import SystemClock
from storage.opening import Storage, open_storage
from storage.settings import Settings
from tests.fixtures.programs import Program, free_port
from tests.fixtures.tables import with_tables
from tests.fixtures.valkey import Valkey
from tests.web.people import COOKIE, member
from web.app import create_app
from web.oidc.blueprint import COOKIE as ATTEMPT

ORIGIN = "http://localhost:8000"
SCRIPT = Path(__file__).parents[1] / "clients" / "oidc-provider.mjs"
SECRET = "a secret of the tests, at least 32 bytes long"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    node = shutil.which("node")
    assert node, "Node is missing: scripts/bootstrap test brings it"
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("provider") / "log"

    def ready() -> bool:
        try:
            return httpx.get(f"{address}/.well-known/openid-configuration").is_success
        except httpx.TransportError:
            return False

    program = Program([node, str(SCRIPT), str(port), f"{ORIGIN}/auth/works/callback"], log=log, ready=ready)
    program.start()
    yield address
    program.stop()


class Site:
    """The web role with one provider, and the cookies of one browser."""

    def __init__(self, app: Quart, storage: Storage) -> None:
        self.app = app
        self.storage = storage
        self.cookies: dict[str, str] = {}

    async def get(self, path: str) -> Response:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)
        response = await self.app.test_client(use_cookies=False).get(path, headers={"Cookie": cookie, "Host": "localhost:8000"})
        for header in response.headers.getlist("Set-Cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        assert isinstance(response, Response)
        return response

    async def start(self, to: str = "/auth/works/start?next=/studio") -> str:
        response = await self.get(to)
        assert response.status_code == 303, await response.get_data()
        return response.headers["Location"]

    async def whoami(self) -> str | None:
        account = (await (await self.get("/api/v1/session")).get_json())["account"]
        return account and str(account["name"])


@pytest_asyncio.fixture
async def site(valkey: Valkey, tmp_path: Path, issuer: str) -> AsyncIterator[Site]:
    settings = Settings(
        data=tmp_path,
        redis_url=valkey.url,
        secret="a secret of the tests",
        public_url=ORIGIN,
        oidc_providers=(f"works|Works|{issuer}|fanlight|{SECRET}",),
    )
    with_tables(tmp_path)
    async with open_storage(settings) as storage:
        app = create_app(settings, storage, SystemClock())
        async with app.test_app():
            yield Site(app, storage)


async def at_provider(url: str, person: str) -> str:
    """Sign in and agree there; returns where the browser is sent back to."""
    async with httpx.AsyncClient(follow_redirects=False, timeout=10) as browser:
        response = await browser.get(url)
        for _ in range(12):
            if response.has_redirect_location:
                target = urljoin(str(response.url), response.headers["Location"])
                if target.startswith(ORIGIN):
                    return target
                response = await browser.get(target)
                continue
            action = re.search(r'<form[^>]*action="([^"]+)"', response.text)
            assert action, response.text
            fields = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', response.text))
            if 'name="login"' in response.text:
                fields |= {"login": person, "password": "anything"}
            response = await browser.post(urljoin(str(response.url), unescape(action[1])), data=fields)
    raise AssertionError("the provider did not send the browser back")


def back(url: str) -> str:
    return url.removeprefix(ORIGIN)


async def test_a_person_of_the_provider_gets_an_account_and_finds_it_again(site: Site) -> None:
    begun = await site.start()
    query = parse_qs(urlsplit(begun).query)
    assert query["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= query.keys()
    response = await site.get(back(await at_provider(begun, "Jo")))
    assert (response.status_code, response.headers["Location"]) == (303, "/studio")
    assert await site.whoami() == "jo"
    assert site.cookies[ATTEMPT] == ""

    site.cookies.clear()
    await site.get(back(await at_provider(await site.start(), "Jo")))
    assert await site.whoami() == "jo"

    site.cookies.clear()
    await site.get(back(await at_provider(await site.start(), "jo")))
    assert await site.whoami() == "jo-2"


async def test_a_name_kept_for_the_instance_is_not_given_away(site: Site) -> None:
    await site.get(back(await at_provider(await site.start(), "admin")))
    assert await site.whoami() == "admin-2"


async def test_a_login_is_added_to_who_is_signed_in(site: Site) -> None:
    ada = await member(site.app, site.storage, "ada")
    site.cookies[COOKIE] = ada.cookie.partition("=")[2]
    await site.get(back(await at_provider(await site.start(), "ada-at-works")))
    assert await site.whoami() == "ada"
    site.cookies.clear()
    await site.get(back(await at_provider(await site.start(), "ada-at-works")))
    assert await site.whoami() == "ada"

    # It is hers: nobody else gets it.
    ben = await member(site.app, site.storage, "ben")
    site.cookies = {COOKIE: ben.cookie.partition("=")[2]}
    response = await site.get(back(await at_provider(await site.start(), "ada-at-works")))
    assert response.status_code == 409


@pytest.mark.parametrize("what", ["state", "browser", "replay", "issuer", "no code", "code"])
async def test_an_answer_that_was_not_asked_for_begins_no_session(site: Site, what: str) -> None:
    answer = back(await at_provider(await site.start(), "mallory"))
    match what:
        case "state":
            answer = re.sub(r"state=[^&]+", "state=guessed", answer)
        case "browser":
            site.cookies.clear()
        case "replay":
            attempt = dict(site.cookies)
            await site.get(answer)
            site.cookies = attempt
        case "issuer":
            answer = re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fevil.example", answer)
        case "no code":
            answer = re.sub(r"code=[^&]+", "error=access_denied", answer)
        case _:
            answer = re.sub(r"code=[^&]+", "code=guessed", answer)
    response = await site.get(answer)
    assert response.status_code == 400
    assert (await response.get_json())["code"] == "external_sign_in_failed"
    assert await site.whoami() is None


async def test_nobody_is_led_elsewhere_after_signing_in(site: Site) -> None:
    begun = await site.start("/auth/works/start?next=//evil.example/")
    response = await site.get(back(await at_provider(begun, "Kim")))
    assert response.headers["Location"] == "/"


async def test_an_unknown_provider_is_not_there(site: Site) -> None:
    assert (await site.get("/auth/nobody/start")).status_code == 404
    assert (await (await site.get("/api/v1/sign-in-providers")).get_json())["providers"] == [
        {"name": "works", "label": "Works", "start": "/auth/works/start"}
    ]
