"""Signing in: a name and a password become a session. Whether a name exists is told neither by words nor by time."""

import hashlib

import structlog
from quart import g

from storage.limits import Limit, Taken
from storage.model.account import Account, AccountState
from storage.model.errors import ErrorCode, FanlightError, Refused, Unavailable
from storage.opening import Storage
from storage.rate_limits import RateLimits
from web.clients import subscriber
from web.metrics import SIGN_INS

PER_ACCOUNT = Limit("sign-ins of an account", 5, 60, guards=True)
PER_ADDRESS = Limit("sign-ins of an address", 20, 60, guards=True)

_log = structlog.get_logger("web")


class SignIns:
    """Checks who somebody says they are, slowly enough for whoever tries many passwords."""

    def __init__(self, storage: Storage, limits: RateLimits) -> None:
        self._storage = storage
        self._limits = limits

    async def check(self, name: str, password: str, code: str = "", *, address: str) -> Account:
        """The account of that name or proven e-mail address, if that is its password and, where it has a second factor, its code.

        Raises:
            BadInput: ``CODE_REFUSED``.
            Refused: ``SIGN_IN_REFUSED``, ``ACCOUNT_BANNED``, ``SECOND_FACTOR_REQUIRED``.
            Unavailable: ``TOO_MANY_REQUESTS``, ``SERVER_BUSY``, ``DATABASE_UNAVAILABLE``.
        """
        try:
            account = await self._checked(name.strip().lower(), password, code, address)
        except FanlightError as refused:
            SIGN_INS.labels(refused.code).inc()
            raise
        SIGN_INS.labels("signed_in").inc()
        return account

    async def _checked(self, known_as: str, password: str, code: str, address: str) -> Account:
        await self._count(known_as, address)
        found = await self._storage.accounts.credentials(known_as)
        right = await self._storage.passwords.verify(found.password_hash if found else None, password)
        if found is None or not right:
            raise Refused(ErrorCode.SIGN_IN_REFUSED, "The name and the password do not belong together.")
        if found.account.state is not AccountState.ACTIVE:
            raise Refused(ErrorCode.ACCOUNT_BANNED, "This account was banned.")
        if found.second_factor and not code:
            raise Refused(ErrorCode.SECOND_FACTOR_REQUIRED, "This account also needs a code of its second factor.")
        if found.second_factor:
            await self._storage.second_factors.check(found.account.id, code)
        await self._keep_up(found.account, found.password_hash, password)
        return found.account

    async def _count(self, name: str, address: str) -> None:
        # The name as it was typed stays out of the bus.
        subject = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        taken = [await self._limits.take(PER_ADDRESS, subscriber(address)), await self._limits.take(PER_ACCOUNT, subject)]
        counted = [one for one in taken if one is not None]
        if not counted:
            return
        tightest: Taken = min(counted, key=lambda one: (one.allowed, one.remaining, -one.retry_after))
        g.rate_limit = tightest
        if not tightest.allowed:
            raise Unavailable(
                ErrorCode.TOO_MANY_REQUESTS, "Too many tries to sign in; wait a little.", retry_after=tightest.retry_after + 0.5
            )

    async def _keep_up(self, account: Account, known: str | None, password: str) -> None:
        """The password is at hand: keep it under today's parameters."""
        if known is None or not self._storage.passwords.is_outdated(known):
            return
        try:
            await self._storage.accounts.refresh_hash(account.id, known, await self._storage.passwords.hash(password))
        except Unavailable as error:
            _log.info("password_not_hashed_anew", account=account.id, reason=error.code)
