"""The link by which the first operator of an instance signs up."""

from storage.model.one_time import Purpose
from storage.opening import Storage
from storage.settings import Settings
from web.instance import local_url
from web.letters import link


async def first_operator_link(storage: Storage, settings: Settings) -> str:
    """A new link, which ends the one printed before; empty where there is an operator."""
    if await storage.accounts.has_operator():
        return ""
    token = await storage.one_time.issue(Purpose.SETUP)
    return link(settings.public_url or local_url(settings, settings.port), Purpose.SETUP, token)
