"""``POST /api/v1/sockets``: what opens a realtime socket."""

from quart import request

from chat.tickets import issue
from storage.limits import Limit
from storage.model.account import Actor, Scope
from storage.opening import Storage
from web.addresses import Addresses
from web.api.route import Noun
from web.schema.socket import SocketTicket

TICKETS = Limit("sockets", 600, 60, shared=False)
"""Many come back at once after a node stopped, some from one address."""

NOUN = Noun("sockets", "Realtime sockets: chat.")


class SocketRoutes:
    """Gives tickets."""

    def __init__(self, storage: Storage, addresses: Addresses) -> None:
        self._storage = storage
        self._addresses = addresses

    @NOUN.route("POST", "/sockets", scope=Scope.CHAT, status=200, limit=TICKETS)
    async def create(self, actor: Actor) -> SocketTicket:
        """A ticket for one realtime socket, and where that is."""
        return SocketTicket(ticket=issue(self._storage, actor), url=self._addresses.socket(request.host))
