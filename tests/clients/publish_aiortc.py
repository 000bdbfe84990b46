"""Publishes with stock aiortc, which encodes by itself: python publish_aiortc.py URL KEY FILE [CODEC]. Ends at SIGINT with a DELETE."""

import asyncio
import json
import signal
import sys
from urllib.parse import urljoin

import httpx
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer


async def publish(url: str, key: str, file: str, codec: str) -> int:
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    player = MediaPlayer(file, loop=True)
    assert player.audio
    assert player.video
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver(player.audio, direction="sendonly")
    video = peer.addTransceiver(player.video, direction="sendonly")
    video.setCodecPreferences([c for c in RTCRtpSender.getCapabilities("video").codecs if c.mimeType in {f"video/{codec}", "video/rtx"}])
    connected = asyncio.Event()
    peer.on("connectionstatechange", lambda: connected.set() if peer.connectionState == "connected" else None)
    await peer.setLocalDescription(await peer.createOffer())
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(timeout=10) as client:
        answer = await client.post(url, content=peer.localDescription.sdp, headers={**headers, "Content-Type": "application/sdp"})
        if answer.status_code != 201:
            print(json.dumps({"event": "failed", "detail": f"{answer.status_code} {answer.text}"}), flush=True)
            return 1
        await peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        await asyncio.wait_for(connected.wait(), 10)
        print(json.dumps({"event": "live"}), flush=True)
        await told.wait()
        gone = await client.delete(urljoin(url, answer.headers["Location"]), headers=headers)
    await peer.close()
    player.audio.stop()
    player.video.stop()
    print(json.dumps({"event": "ended", "status": gone.status_code}), flush=True)
    return 0 if gone.status_code == 200 else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(publish(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "VP8")))
