"""Publishes with GStreamer's webrtcbin (RSA certificate): /usr/bin/python3 publish_gstreamer.py URL KEY. Ends at SIGINT with a DELETE."""

import importlib
import json
import signal
import sys
import urllib.request
from typing import Any
from urllib.parse import urljoin

# Debian's python3-gi has no wheel and no stubs: the tests' own environment, which checks this file, does not have it.
gi = importlib.import_module("gi")
for name in ("Gst", "GstWebRTC", "GstSdp"):
    gi.require_version(name, "1.0")
GLib, Gst, GstSdp, GstWebRTC = (importlib.import_module(f"gi.repository.{name}") for name in ("GLib", "Gst", "GstSdp", "GstWebRTC"))

PIPELINE = """
webrtcbin name=peer bundle-policy=max-bundle
videotestsrc is-live=true ! video/x-raw,format=I420,width=640,height=360,framerate=30/1
  ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=60 bitrate=1000 ! video/x-h264,profile=constrained-baseline
  ! rtph264pay config-interval=-1 aggregate-mode=zero-latency ! application/x-rtp,media=video,encoding-name=H264,payload=96 ! peer.
audiotestsrc is-live=true wave=ticks ! audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=2 ! opusenc
  ! rtpopuspay ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97 ! peer.
"""


def say(**event: object) -> None:
    """One JSON object a line."""
    print(json.dumps(event), flush=True)


class Publisher:
    """One WHIP session."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.headers = url, {"Authorization": "Bearer " + key}
        self.session: str | None = None
        self.loop, self.status = GLib.MainLoop(), 1
        self.pipeline = Gst.parse_launch(PIPELINE)
        self.peer = self.pipeline.get_by_name("peer")
        for index in range(2):
            self.peer.emit("get-transceiver", index).set_property("direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
        self.peer.connect(
            "on-negotiation-needed", lambda peer: peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self.offered))
        )
        self.peer.connect("notify::ice-gathering-state", self.gathered)
        self.peer.connect("notify::connection-state", self.changed)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", lambda _bus, message: self.fail(str(message.parse_error())))

    def offered(self, promise: Any) -> None:
        promise.wait()
        self.reply = promise.get_reply()  # the offer lives as long as the reply it came in
        offer = self.reply.get_value("offer")
        self.peer.emit("set-local-description", offer, Gst.Promise.new())

    def gathered(self, peer: Any, _property: object) -> None:
        if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE and self.session is None:
            GLib.idle_add(self.post)

    def post(self) -> bool:
        sdp = self.peer.get_property("local-description").sdp.as_text()
        request = urllib.request.Request(self.url, sdp.encode(), {**self.headers, "Content-Type": "application/sdp"}, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                self.session = urljoin(self.url, answer.headers["Location"])
                text = answer.read().decode()
        except OSError as error:
            self.fail(str(error))
            return False
        _result, message = GstSdp.SDPMessage.new_from_text(text)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.peer.emit("set-remote-description", description, Gst.Promise.new())
        return False

    def changed(self, peer: Any, _property: object) -> None:
        state = peer.get_property("connection-state")
        if state == GstWebRTC.WebRTCPeerConnectionState.CONNECTED:
            say(event="live")
        elif state == GstWebRTC.WebRTCPeerConnectionState.FAILED:
            self.fail("the connection failed")

    def fail(self, detail: str) -> None:
        say(event="failed", detail=detail)
        self.loop.quit()

    def stop(self) -> bool:
        if self.session is None:
            self.loop.quit()
            return False
        request = urllib.request.Request(self.session, headers=self.headers, method="DELETE")
        with urllib.request.urlopen(request, timeout=10) as answer:
            say(event="ended", status=answer.status)
            self.status = 0
        self.loop.quit()
        return False

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM):
            GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, self.stop)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        return self.status


if __name__ == "__main__":
    Gst.init(None)
    sys.exit(Publisher(sys.argv[1], sys.argv[2]).run())
