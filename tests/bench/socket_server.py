"""The sockets of a node with one room that is nothing but a list: ``python -m tests.bench.socket_server PORT``."""

import asyncio
import sys
import tempfile
from pathlib import Path

import uvloop

from chat.descriptors import raise_limit
from chat.protocol import ClientFrame, Join, Send
from chat.server import SocketLimits, SocketServer
from chat.sockets import Prepared, Socket
from chat.tickets import Tickets
from storage.clock import SystemClock
from storage.node import Tasks
from storage.opening import open_storage
from storage.settings import Settings
from web.operations import operations_app
from web.serving import serving
from web.socket_door import SocketDoor

MANY = 100_000


class Room:
    """Whoever joined gets the text of every ``send``, as the frame it is."""

    def __init__(self) -> None:
        self.sockets: dict[int, Socket] = {}

    async def received(self, socket: Socket, frame: ClientFrame) -> None:
        if isinstance(frame, Join):
            self.sockets[socket.identifier] = socket
        elif isinstance(frame, Send):
            prepared = Prepared(frame.text.encode())
            for one in tuple(self.sockets.values()):
                one.pass_on(prepared)

    async def changed(self, socket: Socket) -> None:
        pass

    def closed(self, socket: Socket) -> None:
        self.sockets.pop(socket.identifier, None)


async def main() -> None:
    raise_limit()
    port, clock = int(sys.argv[1]), SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), redis_url="unix:///nowhere", secret="a secret of the benchmark")
        async with open_storage(settings) as storage, Tasks("sockets") as tasks:
            limits = SocketLimits(node=MANY, address=MANY, account=MANY, pace=None)
            server = SocketServer(Room(), Tickets(storage, clock), limits, clock, tasks)
            tasks.start("look", server.look())
            app = operations_app({})
            SocketDoor(settings, server).install(app)
            async with serving(app, host="127.0.0.1", port=port):
                await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
