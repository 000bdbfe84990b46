"""A WHIP server of stock aiortc, to compare with: ``python -m tests.bench.stock decode|stub`` prints its port and serves until killed.

``decode`` decodes every frame as aiortc does; ``stub`` puts an object that decodes nothing in the decoder's place.
"""

import asyncio
import contextlib
import sys
import uuid

import aiortc.rtcrtpreceiver
import av
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs.base import Decoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from av.frame import Frame


class _Stub(Decoder):
    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        packet = av.Packet(encoded_frame.data)
        packet.pts = encoded_frame.timestamp
        return [packet]  # type: ignore[list-item]  # what stubbing the decoder out means


def _stub(_codec: RTCRtpCodecParameters) -> Decoder:
    return _Stub()


async def _drain(track: MediaStreamTrack) -> None:
    with contextlib.suppress(MediaStreamError):
        while True:
            await track.recv()


class _Server:
    def __init__(self) -> None:
        self._peers: dict[str, RTCPeerConnection] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")), 0)
        body = (await reader.readexactly(length)).decode()
        if head.startswith("POST"):
            name = uuid.uuid4().hex
            answer = await self._accept(name, body)
            fields = f"Location: /whip/{name}\r\nContent-Type: application/sdp\r\nContent-Length: {len(answer)}\r\nConnection: close"
            writer.write(f"HTTP/1.1 201 Created\r\n{fields}\r\n\r\n{answer}".encode())
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def _accept(self, name: str, offer: str) -> str:
        peer = self._peers[name] = RTCPeerConnection(RTCConfiguration(iceServers=[]))

        def on_track(track: MediaStreamTrack) -> None:
            task = asyncio.get_running_loop().create_task(_drain(track))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        peer.on("track", on_track)
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return str(peer.localDescription.sdp)


async def main() -> None:
    if sys.argv[1] == "stub":
        vars(aiortc.rtcrtpreceiver)["get_decoder"] = _stub
    server = await asyncio.start_server(_Server().serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__" and len(sys.argv) > 1:
    asyncio.run(main())
