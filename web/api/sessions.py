"""Signing in and out, in browsers and programs, and who is signed in where."""

from typing import NoReturn

from quart import request

from storage.database.audit import AuditLog
from storage.database.sessions import SessionRepository
from storage.model.account import Account as AccountRecord
from storage.model.account import Actor, Scope
from storage.model.errors import ErrorCode, NotFound
from storage.model.ids import RecordId
from storage.model.session import AccountSession, SessionEnd, SessionKind
from web.api.account_views import account_view, unix_ms
from web.api.paging import PageRequest
from web.api.route import Answer, Noun, Who
from web.auth import Authentication, client_address
from web.cookies import csrf_token
from web.schema.paging import Page
from web.schema.session import Refresh, Session, SessionBegun, SessionState, SignIn, Tokens
from web.sign_in import SignIns

NOUN = Noun("sessions", "Signing in, and who is signed in where.")


class SessionRoutes:
    """A browser's session is a cookie; a program's are tokens that follow each other."""

    def __init__(self, authentication: Authentication, sessions: SessionRepository, sign_ins: SignIns, audit: AuditLog) -> None:
        self._authentication = authentication
        self._sessions = sessions
        self._sign_ins = sign_ins
        self._audit = audit

    @NOUN.route(
        "POST",
        "/sessions",
        status=201,
        idempotent=False,
        limit=None,
        errors=(
            ErrorCode.SIGN_IN_REFUSED,
            ErrorCode.ACCOUNT_BANNED,
            ErrorCode.SECOND_FACTOR_REQUIRED,
            ErrorCode.CODE_REFUSED,
            ErrorCode.CROSS_SITE_REFUSED,
            ErrorCode.TOO_MANY_REQUESTS,
            ErrorCode.SERVER_BUSY,
        ),
    )
    async def create(self, body: SignIn) -> Answer[SessionBegun]:
        """Sign in: a cookie for a browser, tokens for a program."""
        self._authentication.check_same_site()
        account = await self._sign_ins.check(body.name, body.password, body.code, address=client_address())
        if body.tokens:
            tokens = await self._authentication.begin_tokens(account)
            return Answer(SessionBegun(account=account_view(account), csrf="", tokens=tokens))
        begun = await self._authentication.begin_browser(account)
        return Answer(SessionBegun(account=account_view(account), csrf=begun.csrf), {"Set-Cookie": begun.cookie})

    @NOUN.route("POST", "/sessions/refresh", errors=(ErrorCode.TOKEN_REFUSED,))
    async def refresh(self, body: Refresh) -> Tokens:
        """Exchange a refresh token for the next two tokens; one that was exchanged before ends its session."""
        return await self._authentication.refresh(body.refresh)

    @NOUN.route("GET", "/session", public=False)
    async def current(self, actor: Actor) -> SessionState:
        """Who is signed in here."""
        shown = await self._authentication.by_cookie() if "Authorization" not in request.headers else None
        return SessionState(
            account=account_view(actor.account) if actor.account else None, csrf=csrf_token(shown[0].secret) if shown else ""
        )

    @NOUN.route("DELETE", "/session", who=Who.ACCOUNT, errors=(ErrorCode.NOT_FOUND,))
    async def sign_out(self, actor: Actor, account: AccountRecord) -> Answer[None]:
        """Sign out here."""
        if actor.session is None:
            _no_session()
        await self._end(actor, account, actor.session, SessionEnd.SIGNED_OUT)
        return Answer(None, {"Set-Cookie": self._authentication.cookies.clear(request.host)})

    @NOUN.route("GET", "/sessions", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ)
    async def list(self, actor: Actor, account: AccountRecord, page: PageRequest) -> Page[Session]:
        """Where you are signed in, the newest first."""
        found = sorted(await self._sessions.list(account.id), key=lambda session: session.id, reverse=True)
        behind = [session for session in found if not page.after or session.id < page.after]
        return page.of(behind[: page.limit + 1], lambda session: session.id, lambda session: _view(session, actor))

    @NOUN.route("DELETE", "/sessions/{session}", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE)
    async def end(self, session: str, actor: Actor, account: AccountRecord) -> None:
        """Sign out somewhere else."""
        await self._end(actor, account, RecordId(session), SessionEnd.REVOKED)

    async def _end(self, actor: Actor, account: AccountRecord, session: RecordId, reason: SessionEnd) -> None:
        await self._sessions.end(session, reason, account=account.id)
        await self._authentication.sessions.changed(account.id)
        await self._audit.write(actor, "session.ended", subject=session, data={"reason": reason})


def _no_session() -> NoReturn:
    raise NotFound(ErrorCode.NOT_FOUND, "An API token has no session to end; revoke it instead.")


def _view(session: AccountSession, actor: Actor) -> Session:
    return Session(
        id=session.id,
        kind=SessionKind(session.kind),
        user_agent=session.user_agent,
        address=session.address,
        created_ms=unix_ms(session.created_at),
        used_ms=unix_ms(session.used_at),
        current=session.id == actor.session,
    )
