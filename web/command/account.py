"""``fanlight account``: make accounts, list them, give somebody a new password, shut somebody out; also while an instance runs."""

import argparse
import json
from contextlib import suppress
from datetime import timedelta

from storage.model.account import STRANGER, Account, AccountRole, AccountState
from storage.model.errors import Unavailable
from storage.model.ids import account_name
from storage.model.one_time import Purpose
from storage.opening import Storage
from storage.settings import Settings
from web.command import records
from web.instance import local_url
from web.letters import link

LINK_LIFE = timedelta(days=2)
"""Somebody passes the link on; mail is faster."""

_PAGE = 100


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = records.action(actions, "create", _create, "Create an account and print the link to choose its password with; it works once.")
    create.add_argument("name", metavar="NAME")
    create.add_argument("--operator", action="store_true", help="it may run the instance")
    create.add_argument("--email", default=None, help="the account's e-mail address, not proven")
    records.action(actions, "list", _list, "List the accounts.")
    for name, act, line in (
        ("reset", _reset, "Print a link to choose a new password with; the old one works until then."),
        ("ban", _ban, "Shut an account out: its sessions end, and nobody can sign in to it."),
        ("unban", _unban, "Let a banned account in again."),
    ):
        records.action(actions, name, act, line).add_argument("name", metavar="NAME")


run = records.run


async def _create(storage: Storage, settings: Settings, arguments: argparse.Namespace) -> None:
    role = AccountRole.OPERATOR if arguments.operator else AccountRole.USER
    made = await storage.accounts.create(account_name(arguments.name), role=role, email=arguments.email)
    await storage.audit.write(STRANGER, "account.created", subject=made.name, data={"role": made.role, "by": "command"})
    await _print_link(storage, settings, arguments, made)


async def _reset(storage: Storage, settings: Settings, arguments: argparse.Namespace) -> None:
    found = await storage.accounts.by_name(account_name(arguments.name))
    await storage.audit.write(STRANGER, "password.link_made", subject=found.name, data={"by": "command"})
    await _print_link(storage, settings, arguments, found)


async def _print_link(storage: Storage, settings: Settings, arguments: argparse.Namespace, account: Account) -> None:
    token = await storage.one_time.issue(Purpose.RESET, account=account.id, life=LINK_LIFE)
    site = settings.public_url or local_url(settings, settings.port)
    address = link(site, Purpose.RESET, token)
    print(json.dumps({"account": account.name, "role": account.role, "link": address}) if arguments.json else address)


async def _ban(storage: Storage, _settings: Settings, arguments: argparse.Namespace) -> None:
    await _govern(storage, arguments, AccountState.BANNED)


async def _unban(storage: Storage, _settings: Settings, arguments: argparse.Namespace) -> None:
    await _govern(storage, arguments, AccountState.ACTIVE)


async def _govern(storage: Storage, arguments: argparse.Namespace, state: AccountState) -> None:
    found = await storage.accounts.by_name(account_name(arguments.name))
    changed = await storage.accounts.govern(found.id, state=state)
    await storage.audit.write(STRANGER, "account.governed", subject=changed.name, data={"state": changed.state, "by": "command"})
    # Where nothing runs there is nobody to tell; and nodes look for themselves within seconds.
    with suppress(Unavailable):
        await storage.bus.revoke(changed.id)
    print(json.dumps(_row(changed)) if arguments.json else f"{changed.name} is {changed.state}.")


async def _list(storage: Storage, _settings: Settings, arguments: argparse.Namespace) -> None:
    found: list[Account] = []
    while page := await storage.accounts.list(after=found[-1].name if found else "", limit=_PAGE):
        found += page
    if arguments.json:
        print(json.dumps([_row(account) for account in found]))
        return
    width = max((len(account.name) for account in found), default=0)
    for account in found:
        print(f"{account.name:<{width}}  {account.created_at:%Y-%m-%d}  {account.role:<8}  {account.state:<6}  {account.display_name}")


def _row(account: Account) -> dict[str, str | None]:
    return {
        "name": account.name,
        "display_name": account.display_name,
        "role": account.role,
        "state": account.state,
        "email": account.email,
        "created_at": account.created_at.isoformat(),
    }
