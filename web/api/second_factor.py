"""The second factor of an account: an authenticator's codes, and recovery codes for when it is lost."""

import segno

from storage.limits import PROOFS
from storage.model.account import Account, Scope
from storage.model.errors import ErrorCode, Refused
from storage.opening import Storage
from storage.second_factor import enrolment_uri
from web.api.route import Noun, Who
from web.schema.account import PasswordProof
from web.schema.login import Code, Enrolment, RecoveryCodes, SecondFactor

NOUN = Noun("second_factor", "A code of an authenticator beside the password.")
ISSUER = "Fanlight"


class SecondFactorRoutes:
    """Set in two steps, so that nobody is locked out by an authenticator that did not take the secret."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @NOUN.route("GET", "/account/second-factor", who=Who.ACCOUNT, scope=Scope.ACCOUNT_READ)
    async def state(self, account: Account) -> SecondFactor:
        """Whether signing in asks for a code."""
        found = await self._storage.accounts.credentials(account.name)
        return SecondFactor(enabled=found is not None and found.second_factor)

    @NOUN.route(
        "POST",
        "/account/second-factor",
        who=Who.ACCOUNT,
        limit=PROOFS,
        scope=Scope.ACCOUNT_WRITE,
        errors=(ErrorCode.SECOND_FACTOR_SET, ErrorCode.PASSWORD_WRONG, ErrorCode.SERVER_BUSY),
    )
    async def begin(self, account: Account, body: PasswordProof) -> Enrolment:
        """A secret for an authenticator; it counts once a code of it was confirmed."""
        await self._prove(account, body.password)
        secret = await self._storage.second_factors.begin(account.id)
        uri = enrolment_uri(secret, account.name, ISSUER)
        return Enrolment(secret=secret, uri=uri, picture=segno.make(uri, error="m").svg_data_uri(scale=5))

    @NOUN.route("POST", "/account/second-factor/confirmation", who=Who.ACCOUNT, scope=Scope.ACCOUNT_WRITE, errors=(ErrorCode.CODE_REFUSED,))
    async def confirm(self, account: Account, body: Code) -> RecoveryCodes:
        """Ask for codes from now on; the recovery codes are told this once."""
        return RecoveryCodes(recovery_codes=tuple(await self._storage.second_factors.confirm(account.id, body.code)))

    @NOUN.route(
        "POST",
        "/account/second-factor/removal",
        who=Who.ACCOUNT,
        limit=PROOFS,
        scope=Scope.ACCOUNT_WRITE,
        errors=(ErrorCode.PASSWORD_WRONG, ErrorCode.SERVER_BUSY),
    )
    async def remove(self, account: Account, body: PasswordProof) -> None:
        """Ask for no codes any more."""
        await self._prove(account, body.password)
        await self._storage.second_factors.remove(account.id)

    async def _prove(self, account: Account, password: str) -> None:
        found = await self._storage.accounts.credentials(account.name)
        if not await self._storage.passwords.verify(found.password_hash if found else None, password):
            raise Refused(ErrorCode.PASSWORD_WRONG, "That is not your password.")
