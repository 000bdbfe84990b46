// Publishes H.264 and Opus with libdatachannel the way OBS does: node publish-datachannel.mjs --frames FILE --url URL --key KEY
// As OBS: no candidates in the offer, 42e01f whatever the stream is, NACK responder, no reaction to PLI, exactly 201 expected, no PATCH.
import { readFileSync } from "node:fs";
import datachannel from "node-datachannel";
import { options, say, toldToStop } from "./browser.mjs";

const wanted = options({ seconds: "0" });
const told = toldToStop(Number(wanted.seconds));

const records = [];
const bytes = readFileSync(wanted.frames);
for (let at = 0; at < bytes.length; ) {
  const size = bytes.readUInt32BE(at + 5);
  records.push({ video: bytes[at] === 1, due: bytes.readUInt32BE(at + 1) / 1e6, data: bytes.subarray(at + 9, at + 9 + size) });
  at += 9 + size;
}
const length = Math.round(records.at(-1).due);

const { PeerConnection, Audio, Video, RtpPacketizationConfig, H264RtpPacketizer, RtpPacketizer, RtcpSrReporter, RtcpNackResponder } = datachannel;
const peer = new PeerConnection("publisher", { iceServers: [] });

function addTrack(kind, ssrc, payloadType, clockRate) {
  const media = kind === "video" ? new Video("0", "SendOnly") : new Audio("1", "SendOnly");
  if (kind === "video") media.addH264Codec(payloadType);
  else media.addOpusCodec(payloadType);
  media.addSSRC(ssrc, "fanlight", "stream", kind);
  const track = peer.addTrack(media);
  const config = new RtpPacketizationConfig(ssrc, "fanlight", payloadType, clockRate);
  const packetizer = kind === "video" ? new H264RtpPacketizer("StartSequence", config, 1200) : new RtpPacketizer(config);
  packetizer.addToChain(new RtcpSrReporter(config));
  packetizer.addToChain(new RtcpNackResponder());
  track.setMediaHandler(packetizer);
  return { track, config, clockRate, origin: 1000 };
}
const audio = addTrack("audio", 1001, 111, 48000);
const video = addTrack("video", 1002, 96, 90000);

const connected = new Promise((resolve, reject) => {
  peer.onStateChange((state) => {
    if (state === "connected") resolve();
    if (state === "failed") reject(new Error("the connection failed"));
  });
});
const described = new Promise((resolve) => peer.onLocalDescription((sdp) => resolve(sdp)));
peer.setLocalDescription("offer");
const offer = await described;
const headers = { authorization: `Bearer ${wanted.key}` };
const answer = await fetch(wanted.url, { method: "POST", headers: { ...headers, "content-type": "application/sdp" }, body: offer });
if (answer.status !== 201 || !answer.headers.get("location")) {
  say({ event: "failed", detail: `${answer.status} ${await answer.text()}` });
  process.exit(1);
}
const session = new URL(answer.headers.get("location"), wanted.url);
peer.setRemoteDescription(await answer.text(), "answer");
await Promise.race([connected, new Promise((_, reject) => setTimeout(() => reject(new Error("no connection in 10 s")), 10000).unref())]);
say({ event: "live" });

const began = performance.now() / 1000;
let index = 0;
let loops = 0;
const timer = setInterval(() => {
  const now = performance.now() / 1000 - began;
  for (;;) {
    const { video: isVideo, due, data } = records[index];
    const moment = loops * length + due;
    if (moment > now) break;
    const out = isVideo ? video : audio;
    out.config.timestamp = (out.origin + Math.round(moment * out.clockRate)) >>> 0;
    if (out.track.isOpen()) out.track.sendMessageBinary(data);
    index += 1;
    if (index === records.length) {
      index = 0;
      loops += 1;
    }
  }
}, 4);

await told;
clearInterval(timer);
const gone = await fetch(session, { method: "DELETE", headers });
say({ event: "ended", status: gone.status });
peer.close();
datachannel.cleanup();
process.exit(gone.status === 200 ? 0 : 1);
