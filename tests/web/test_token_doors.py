"""Every type of token at every door that takes a bearer: it opens the one it is for, or none."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from quart import Response

from storage.model.channel import Visibility
from storage.model.channel_edit import ChannelEdit
from storage.model.session import SessionKind
from storage.model.token import Claim, TokenType
from tests.web.conftest import DEMO, Site
from tests.web.people import add_account

Door = Callable[[Site, str], Awaitable[Response]]


def shown(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def rest(site: Site, token: str) -> Response:
    return await site.client.get("/api/v1/sessions", headers=shown(token))


async def refresh(site: Site, token: str) -> Response:
    return await site.client.post("/api/v1/sessions/refresh", json={"refresh": token})


async def whip(site: Site, token: str) -> Response:
    return await site.client.post("/whip/demo", headers=shown(token) | {"Content-Type": "application/sdp"}, data=b"v=0")


async def whip_end(site: Site, token: str) -> Response:
    return await site.client.delete(f"/whip/demo/ingest-0badcafe.{'ab' * 16}", headers=shown(token))


async def renewal(site: Site, token: str) -> Response:
    return await site.client.post("/api/v1/channels/demo/playback-tokens", json={"renew": token})


DOORS: Mapping[Door, TokenType] = MappingProxyType(
    {
        rest: TokenType.ACCESS,
        refresh: TokenType.REFRESH,
        whip: TokenType.PUBLISH,
        whip_end: TokenType.PUBLISH,
        renewal: TokenType.PLAYBACK,
    }
)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
async def test_a_door_opens_to_its_own_type_only(site: Site, door: Door) -> None:
    channel = await site.storage.channels.get(DEMO)
    await site.storage.channels.edit(channel.id, ChannelEdit(visibility=Visibility.PASSWORD, password_hash="hash"))
    ada = await add_account(site.storage, "ada")
    found: dict[TokenType, tuple[int, Any]] = {}
    for kind in TokenType:
        session, _ = await site.storage.sessions.start(ada, SessionKind.TOKENS, user_agent="", address="")
        # All that any door asks a token for, so that nothing but its type can be wrong.
        claims: dict[str, Claim] = {"session": session.id, "rotation": 0, "channel": channel.id, "name": DEMO, "generation": ada.generation}
        subject: str = ada.id
        if door is renewal:
            # Who asks here is nobody, and so was who knew the password.
            subject = "stranger"
            claims |= {"session": "", "password": hashlib.sha256(b"hash").hexdigest()[:16]}
        token = site.storage.tokens.issue(kind, subject, 30, **claims)
        response = await door(site, token)
        body = await response.get_json()
        found[kind] = (response.status_code, body.get("code"))
    wrong = {outcome for kind, outcome in found.items() if kind is not DOORS[door]}
    assert len(wrong) == 1, found
    assert wrong < {(401, "token_refused"), (401, "key_refused")}
    if door in {rest, refresh, renewal}:
        assert found[DOORS[door]][0] == 200
