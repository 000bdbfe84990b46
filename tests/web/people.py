"""Accounts and who is signed in to them, for tests of what needs a session."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from quart import Quart, Response
from quart.typing import TestClientProtocol
from sqlalchemy import insert

from storage.database.tables import account as accounts
from storage.model.account import Account, AccountRole, AccountState
from storage.model.ids import AccountId, AccountName, new_record_id
from storage.model.session import SessionKind
from storage.opening import Storage
from web.cookies import Credential, csrf_token

COOKIE = "__Host-fanlight"


async def add_account(storage: Storage, name: str, *, role: AccountRole = AccountRole.USER, password_hash: str | None = None) -> Account:
    """An account, written past every rule of signing up."""
    now = datetime.now(UTC)
    made = Account(
        id=AccountId(new_record_id(int(now.timestamp() * 1000))),
        name=AccountName(name),
        display_name=name.title(),
        colour="#336699",
        role=role,
        state=AccountState.ACTIVE,
        email=f"{name}@example.org",
        email_verified_at=None,
        avatar=None,
        generation=1,
        version=1,
        created_at=now,
    )
    values = {field: getattr(made, field) for field in Account.__dataclass_fields__}
    values |= {"password_hash": password_hash, "totp_last_step": 0, "changed_at": now}
    async with storage.database.transaction() as connection:
        await connection.execute(insert(accounts).values(**values))
    return made


@dataclass
class Member:
    """Somebody signed in: requests carry their cookie, and the CSRF token where they change something."""

    client: TestClientProtocol
    account: Account
    credential: Credential

    @property
    def csrf(self) -> str:
        return csrf_token(self.credential.secret)

    @property
    def cookie(self) -> str:
        return f"{COOKIE}={self.credential.session}.{self.credential.secret}"

    async def get(self, path: str, **kwargs: Any) -> Response:
        return await self.ask("GET", path, **kwargs)

    async def post(self, path: str, **kwargs: Any) -> Response:
        return await self.ask("POST", path, **kwargs)

    async def put(self, path: str, **kwargs: Any) -> Response:
        return await self.ask("PUT", path, **kwargs)

    async def patch(self, path: str, **kwargs: Any) -> Response:
        return await self.ask("PATCH", path, **kwargs)

    async def delete(self, path: str, **kwargs: Any) -> Response:
        return await self.ask("DELETE", path, **kwargs)

    async def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any) -> Response:
        ours = {"Cookie": self.cookie} | ({} if method in {"GET", "HEAD"} else {"X-CSRF-Token": self.csrf, "Sec-Fetch-Site": "same-origin"})
        return await self.client.open(path, method=method, headers=ours | (headers or {}), **kwargs)


async def sign_in(app: Quart, storage: Storage, account: Account) -> Member:
    """A browser session of an account that exists."""
    session, secret = await storage.sessions.start(account, SessionKind.BROWSER, user_agent="pytest", address="127.0.0.1")
    return Member(app.test_client(use_cookies=False), account, Credential(session.id, secret))


async def member(app: Quart, storage: Storage, name: str, *, role: AccountRole = AccountRole.USER) -> Member:
    """A new account and a browser session of it."""
    return await sign_in(app, storage, await add_account(storage, name, role=role))
