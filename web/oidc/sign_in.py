"""From somebody a provider vouches for to a session here: their account, a new one, or one more login of the account they have."""

from storage.database.registration import check_reserved
from storage.model.account import Account, AccountState
from storage.model.errors import Conflict, ErrorCode, Refused
from storage.model.ids import AccountName
from storage.opening import Storage
from web.auth import Authentication, actor
from web.oidc.claims import Person, name_from
from web.oidc.provider import Provider

_TRIES = 20


class ExternalSignIns:
    """Nobody is linked by an e-mail address: a provider that lets people choose one would open every account."""

    def __init__(self, storage: Storage, authentication: Authentication, *, registration: str) -> None:
        self._storage = storage
        self._authentication = authentication
        self._open = registration == "open"

    async def __call__(self, provider: Provider, person: Person, left_as: str) -> str:
        """The ``Set-Cookie`` value of the session that begins.

        Args:
            provider: who vouches.
            person: for whom.
            left_as: the account that was signed in when they left for the provider, or nothing.

        Raises:
            Refused: ``ACCOUNT_BANNED``, ``REGISTRATION_CLOSED``; ``SIGN_IN_REQUIRED``: they signed out meanwhile, or as somebody else.
            Conflict: ``IDENTITY_TAKEN``; this login is another account's.
            Unavailable: ``DATABASE_UNAVAILABLE``.
        """
        found = await self._storage.identities.account(provider.issuer, person.subject)
        if left_as:
            account = await self._linked(provider, person, left_as, found)
        else:
            account = found or await self._new(provider, person)
        if account.state is not AccountState.ACTIVE:
            raise Refused(ErrorCode.ACCOUNT_BANNED, "This account was banned.")
        return (await self._authentication.begin_browser(account)).cookie

    async def _linked(self, provider: Provider, person: Person, left_as: str, found: Account | None) -> Account:
        now = (await actor()).account
        if now is None or now.id != left_as:
            raise Refused(ErrorCode.SIGN_IN_REQUIRED, "You are not signed in any more as who you were. Begin again.")
        if found is None:
            await self._storage.identities.link(now.id, provider.issuer, person.subject, person.email)
        elif found.id != now.id:
            raise Conflict(ErrorCode.IDENTITY_TAKEN, f"Your login at {provider.label} belongs to another account.")
        return now

    async def _new(self, provider: Provider, person: Person) -> Account:
        if not self._open:
            raise Refused(ErrorCode.REGISTRATION_CLOSED, "Nobody can sign up here by themselves. Sign in first, then add this login.")
        wanted = name_from(person.name)
        for number in range(1, _TRIES + 1):
            name = AccountName(wanted if number == 1 else f"{wanted}-{number}")
            try:
                made = self._storage.accounts.new(name, display_name=_shown(person.name) or name)
                check_reserved(made)
                await self._storage.identities.create(made, provider.issuer, person.subject, person.email)
            except Conflict as conflict:
                if conflict.code is not ErrorCode.ACCOUNT_EXISTS:
                    raise
                continue
            return made
        raise Conflict(ErrorCode.ACCOUNT_EXISTS, f"Too many people here are called {wanted}. Sign up, then add this login.")


def _shown(said: str) -> str:
    return "".join(letter for letter in said if letter.isprintable())[:64].strip()
