"""An honest publisher for tests: stock aiortc, which no one here wrote, with generated media."""

import asyncio
import fractions
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urljoin

import av
import httpx
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription


class Tone(MediaStreamTrack):
    """Silence, 20 ms at a time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    async def recv(self) -> av.AudioFrame:
        await asyncio.sleep(0.02)
        frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.time_base, frame.pts = 48000, fractions.Fraction(1, 48000), self._count * 960
        self._count += 1
        return frame


class Picture(MediaStreamTrack):
    """A small picture, 20 times a second."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(0.05)
        frame = av.VideoFrame(128, 72, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([self._count % 200]) * plane.buffer_size)
        frame.time_base, frame.pts = fractions.Fraction(1, 90000), self._count * 4500
        self._count += 1
        return frame


class Publisher:
    """One publishing peer connection and its session's address."""

    def __init__(self, url: str, key: str, http: httpx.AsyncClient) -> None:
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.location = ""
        self.etag = ""
        self.key = key
        self._url = url
        self._http = http

    async def offer(self) -> str:
        self.peer.addTrack(Tone())
        self.peer.addTrack(Picture())
        for transceiver in self.peer.getTransceivers():
            transceiver.direction = "sendonly"
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return self.peer.localDescription.sdp

    async def publish(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/sdp"}
        response = await self._http.post(self._url, content=await self.offer(), headers=headers)
        assert response.status_code == 201, response.text
        self.location = urljoin(self._url, response.headers["Location"])
        self.etag = response.headers["ETag"]
        await self.peer.setRemoteDescription(RTCSessionDescription(response.text, "answer"))

    async def delete(self) -> int:
        response = await self._http.delete(self.location, headers={"Authorization": f"Bearer {self.key}"})
        return response.status_code


@asynccontextmanager
async def publishing(url: str, key: str, http: httpx.AsyncClient) -> AsyncIterator[Publisher]:
    publisher = Publisher(url, key, http)
    try:
        await publisher.publish()
        yield publisher
    finally:
        await publisher.peer.close()
