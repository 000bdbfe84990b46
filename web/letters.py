"""The mails accounts get, and the links in them. A link's token stands behind ``#``, where no server and no log sees it."""

from storage.clock import Clock
from storage.database.one_time import OneTimeTokens
from storage.limits import Limit, LocalLimits
from storage.model.account import Account
from storage.model.errors import Conflict, ErrorCode, NotFound
from storage.model.one_time import Purpose
from storage.opening import Storage
from web.mail import Mail, Outbox

PER_ADDRESS = Limit("mails to an address", 3, 3600)
"""However often strangers ask for them."""


def link(site: str, purpose: Purpose, token: str) -> str:
    """What to open to use a one-time token; ``site`` is where people reach the pages."""
    page = {Purpose.RESET: "reset#token", Purpose.VERIFY: "verify#token", Purpose.INVITE: "signup#invite", Purpose.SETUP: "signup#setup"}
    return f"{site.rstrip('/')}/{page[purpose]}={token}"


class Letters:
    """Writes mails and puts them into the outbox; nothing here waits for a mail server or tells whether an address is known."""

    def __init__(self, storage: Storage, outbox: Outbox, site: str, clock: Clock) -> None:
        self._storage = storage
        self._outbox = outbox
        self._site = site
        self._clock = clock
        self._limits = LocalLimits()

    @property
    def are_sent(self) -> bool:
        """Whether this instance sends mail."""
        return self._outbox.is_open

    def reset(self, email: str) -> None:
        """Send the account that has proven this address a link to choose a new password; nothing where there is none.

        Raises:
            Conflict: ``MAIL_UNSET``.
            Unavailable: ``SERVER_BUSY``.
        """

        async def write() -> Mail | None:
            try:
                account = await self._storage.accounts.by_email(email)
            except NotFound:
                return None
            if not self._may(email):
                return None
            token = await self._tokens.issue(Purpose.RESET, account=account.id)
            return Mail(email, "Choose a new password", _RESET.format(name=account.name, link=link(self._site, Purpose.RESET, token)))

        self._require_mail()
        self._outbox.post(write)

    def verify(self, account: Account) -> None:
        """Send an account a link that proves its address. Raises as :meth:`reset`."""

        async def write() -> Mail | None:
            email = account.email
            if email is None or not self._may(email):
                return None
            token = await self._tokens.issue(Purpose.VERIFY, account=account.id, data=email)
            return Mail(email, "Is this your address?", _VERIFY.format(name=account.name, link=link(self._site, Purpose.VERIFY, token)))

        self._require_mail()
        self._outbox.post(write)

    @property
    def _tokens(self) -> OneTimeTokens:
        return self._storage.one_time

    def _may(self, email: str) -> bool:
        return self._limits.take(PER_ADDRESS, email, self._clock.monotonic()).allowed

    def _require_mail(self) -> None:
        if not self.are_sent:
            raise Conflict(ErrorCode.MAIL_UNSET, "This instance sends no mail. Its operator can give you a link: fanlight account reset.")


_RESET = """Hello {name},

somebody, probably you, asked for a new password. Choose it here within an hour:

{link}

If it was not you, do nothing: your password stays as it is.
"""

_VERIFY = """Hello {name},

open this within two days to show that this address is yours:

{link}

If you have no account of that name, do nothing: somebody mistyped their address.
"""
