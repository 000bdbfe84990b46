"""Whose key is revoked, or who is banned, is off the air and signed out everywhere within five seconds, on a whole instance."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.clients.publishers import Running, fanlight, running
from tests.e2e.probe import Probe
from tests.e2e.stage import Stage
from tests.fixtures.platform import Platform, running_platform, wait_until

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(120)]
PASSWORD = "correct horse battery staple"
OFFER = "v=0"
WITHIN = 5.0
"""Seconds until what was taken away is gone everywhere."""
OVER = ("ended", "offline")


@pytest.fixture(scope="module")
def shared() -> Iterator[Platform]:
    with running_platform(FANLIGHT_RATE_LIMITS="100") as found:
        yield found


@dataclass
class Person:
    """Somebody signed in three ways: with a browser's cookie, as a program, and with an API token."""

    platform: Platform
    name: str
    cookie: str
    access: str
    refresh: str
    api_token: str = ""

    def ask(self, method: str, path: str, body: object = None, *, token: str = "", headers: dict[str, str] | None = None) -> httpx.Response:
        """As a program, or with another token."""
        shown = {"Authorization": f"Bearer {token or self.access}", **(headers or {})}
        return httpx.request(method, f"{self.platform.origin}/api/v1{path}", json=body, headers=shown, timeout=10)

    def told(self, method: str, path: str, body: object = None, **more: Any) -> dict[str, Any]:
        """The same, where it must succeed."""
        answer = self.ask(method, path, body, **more)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return dict(answer.json()) if answer.content else {}


def sign_up(platform: Platform, name: str, invite: str | None = None) -> Person:
    api = f"{platform.origin}/api/v1"
    account = {"name": name, "password": PASSWORD}
    httpx.post(f"{api}/accounts", json={**account, "invite": invite}, timeout=10).raise_for_status()
    signed_in = httpx.post(f"{api}/sessions", json=account, timeout=10).raise_for_status()
    cookie = signed_in.headers["Set-Cookie"].partition(";")[0]
    tokens = httpx.post(f"{api}/sessions", json={**account, "tokens": True}, timeout=10).raise_for_status().json()["tokens"]
    person = Person(platform, name, cookie, tokens["access"], tokens["refresh"])
    scopes = ["account:read", "channel:read", "channel:write", "publish"]
    person.api_token = person.told("POST", "/account/api-tokens", {"name": "bot", "scopes": scopes})["token"]
    return person


def stage_of(platform: Platform, owner: Person, channel: str) -> Stage:
    """A new channel of theirs with a key."""
    owner.told("POST", "/channels", {"name": channel})
    key = owner.told("POST", f"/channels/{channel}/keys", {"name": "studio"})["key"]
    hls = platform.hls.replace(f"/{platform.channel}/", f"/{channel}/")
    return Stage(platform.origin, f"{platform.origin}/whip/{channel}", hls, channel, key)


def goes_live(stack: ExitStack, stage: Stage, shown: str) -> Running:
    publisher = stack.enter_context(running(fanlight(stage.whip, shown)))
    stage.wait_for_state("live", within=20)
    return publisher


def gives_up(publisher: Running) -> None:
    wait_until(lambda: publisher.process.poll() is not None, 15, f"the publisher to give up: {publisher.output}")


def refused(stage: Stage, shown: str) -> bool:
    answer = httpx.post(
        stage.whip, headers={"Authorization": f"Bearer {shown}", "Content-Type": "application/sdp"}, content=OFFER, timeout=10
    )
    return (answer.status_code, answer.json()["code"]) == (401, "key_refused")


def test_what_a_revoked_key_publishes_is_off_the_air_within_five_seconds_and_viewers_see_the_end(shared: Platform) -> None:
    owner = sign_up(shared, "kim")
    stage = stage_of(shared, owner, "kims")
    (key,) = owner.told("GET", "/channels/kims/keys")["items"]
    with ExitStack() as stack:
        publisher = goes_live(stack, stage, stage.key)
        probe = stack.enter_context(Probe(stage.hls))
        owner.told("DELETE", f"/channels/kims/keys/{key['id']}")
        stage.wait_for_state(*OVER, within=WITHIN)
        probe.wait_for_end(10)
        gives_up(publisher)

    assert refused(stage, stage.key)


def test_a_banned_owner_is_off_the_air_and_signed_out_everywhere_within_five_seconds(shared: Platform) -> None:
    root = sign_up(shared, "root", shared.setup.partition("setup=")[2])
    owner = sign_up(shared, "bo")
    by_key, by_token = stage_of(shared, owner, "bos"), stage_of(shared, owner, "bos-other")
    publish_token = owner.told("POST", "/channels/bos-other/publish-tokens", {})["token"]

    # Bo also watches somebody else's channel that opens with a password.
    secret = sign_up(shared, "sec")
    made = secret.told("POST", "/channels", {"name": "secret"})
    opens = {"visibility": "password", "password": "open sesame"}
    secret.told("PATCH", "/channels/secret", opens, headers={"If-Match": f'"v{made["version"]}"'})
    playback = owner.told("POST", "/channels/secret/playback-tokens", {"password": "open sesame"})["token"]
    owner.told("POST", "/channels/secret/playback-tokens", {"renew": playback})

    doors: dict[str, Callable[[], httpx.Response]] = {
        "cookie": lambda: httpx.get(f"{shared.origin}/api/v1/sessions", headers={"Cookie": owner.cookie}, timeout=10),
        "access token": lambda: owner.ask("GET", "/sessions"),
        "refresh token": lambda: owner.ask("POST", "/sessions/refresh", {"refresh": owner.refresh}),
        "API token": lambda: owner.ask("GET", "/account", token=owner.api_token),
        "publish with the API token": lambda: owner.ask("POST", "/channels/bos/publish-tokens", {}, token=owner.api_token),
        "playback renewal": lambda: owner.ask("POST", "/channels/secret/playback-tokens", {"renew": playback}),
        "playback renewal as nobody": lambda: httpx.post(
            f"{shared.origin}/api/v1/channels/secret/playback-tokens", json={"renew": playback}, timeout=10
        ),
    }
    for name in ("cookie", "access token", "API token", "publish with the API token", "playback renewal"):
        assert doors[name]().is_success, name
    with ExitStack() as stack:
        first = goes_live(stack, by_key, by_key.key)
        second = goes_live(stack, by_token, publish_token)
        version = next(one for one in root.told("GET", "/admin/accounts?search=bo")["items"] if one["name"] == "bo")["version"]
        banned = time.monotonic()
        root.told("PATCH", "/admin/accounts/bo", {"state": "banned"}, headers={"If-Match": f'"v{version}"'})
        while still := {name: answer.status_code for name, ask in doors.items() if (answer := ask()).status_code not in {401, 403}}:
            assert time.monotonic() - banned < WITHIN, still
        for stage in (by_key, by_token):
            stage.wait_for_state(*OVER, within=max(0.1, banned + WITHIN - time.monotonic()))
        print(f"off the air {time.monotonic() - banned:.2f} s after the ban")
        for publisher in (first, second):
            gives_up(publisher)

    for stage, shown in ((by_key, by_key.key), (by_token, publish_token)):
        assert refused(stage, shown)
    answer = httpx.post(f"{shared.origin}/api/v1/sessions", json={"name": "bo", "password": PASSWORD}, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (403, "account_banned")
