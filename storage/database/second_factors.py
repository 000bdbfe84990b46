"""Whose second factor is what: sealed secrets and digests of recovery codes."""

from sqlalchemy import delete, insert, select, update

from storage import second_factor
from storage.clock import Clock, utc_now
from storage.database.engine import Database
from storage.database.tables import account as accounts
from storage.database.tables import recovery_code as codes
from storage.model.errors import BadInput, Conflict, ErrorCode
from storage.model.ids import AccountId
from storage.sealing import Sealer


class SecondFactorRepository:
    """Every method raises ``Unavailable(DATABASE_UNAVAILABLE)`` when the database does not answer within its deadline."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    async def begin(self, account: AccountId) -> str:
        """A new secret, which counts once :meth:`confirm` saw a code of it. Raises ``Conflict(SECOND_FACTOR_SET)``."""
        secret = second_factor.new_secret()
        sealed = self._sealer.seal(secret.encode(), account)
        without = (accounts.c.id == account) & accounts.c.totp_confirmed_at.is_(None)
        async with self._database.transaction() as connection:
            if (await connection.execute(update(accounts).where(without).values(totp_secret=sealed, totp_last_step=0))).rowcount == 0:
                raise Conflict(ErrorCode.SECOND_FACTOR_SET, "A second factor is set already. Remove it first.")
        return secret

    async def confirm(self, account: AccountId, code: str) -> list[str]:
        """Count on the begun secret from now on. Returns the recovery codes, shown this once.

        Raises:
            BadInput: ``CODE_REFUSED``; or nothing was begun.
        """
        made = second_factor.new_recovery_codes()
        async with self._database.transaction() as connection:
            query = select(accounts.c.totp_secret, accounts.c.totp_last_step).where(
                accounts.c.id == account, accounts.c.totp_confirmed_at.is_(None)
            )
            row = (await connection.execute(query.with_for_update())).one_or_none()
            step = self._step(account, row.totp_secret, code, row.totp_last_step) if row is not None else None
            if step is None:
                raise _refused()
            confirmed = {"totp_confirmed_at": utc_now(self._clock), "totp_last_step": step}
            await connection.execute(update(accounts).where(accounts.c.id == account).values(**confirmed))
            await connection.execute(delete(codes).where(codes.c.account == account))
            rows = [{"digest": second_factor.recovery_digest(account, one), "account": account} for one in made]
            await connection.execute(insert(codes), rows)
        return made

    async def check(self, account: AccountId, code: str) -> None:
        """Take a code of the authenticator, or a recovery code; each counts once. Raises ``BadInput(CODE_REFUSED)``."""
        async with self._database.transaction() as connection:
            query = select(accounts.c.totp_secret, accounts.c.totp_last_step).where(
                accounts.c.id == account, accounts.c.totp_confirmed_at.is_not(None)
            )
            row = (await connection.execute(query)).one_or_none()
            step = self._step(account, row.totp_secret, code, row.totp_last_step) if row is not None else None
            if step is not None:
                # Of two requests with the same code one is too late.
                newer = (accounts.c.id == account) & (accounts.c.totp_last_step < step)
                taken = await connection.execute(update(accounts).where(newer).values(totp_last_step=step))
            else:
                recovery = (codes.c.digest == second_factor.recovery_digest(account, code)) & (codes.c.account == account)
                unused = recovery & codes.c.used_at.is_(None)
                taken = await connection.execute(update(codes).where(unused).values(used_at=utc_now(self._clock)))
        if taken.rowcount == 0:
            raise _refused()

    async def remove(self, account: AccountId) -> None:
        """Ask for no second factor any more."""
        nothing = {"totp_secret": None, "totp_confirmed_at": None, "totp_last_step": 0}
        async with self._database.transaction() as connection:
            await connection.execute(update(accounts).where(accounts.c.id == account).values(**nothing))
            await connection.execute(delete(codes).where(codes.c.account == account))

    def _step(self, account: AccountId, sealed: bytes | None, code: str, last: int) -> int | None:
        plain = self._sealer.open(sealed, account) if sealed is not None else None
        if plain is None:
            return None
        return second_factor.matching_step(plain.decode(), code, self._clock.unix_ns() // 1_000_000_000, last)


def _refused() -> BadInput:
    return BadInput(ErrorCode.CODE_REFUSED, "The code is not right, or was used before.")
