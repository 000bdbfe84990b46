// A page that publishes a canvas with a time stamp and a beep a second, by a client library or by plain fetch.
import { cells } from "../stamp.js";
import { WHIPClient as ReferenceClient } from "/node_modules/whip-whep/whip.js";

const picture = document.getElementById("picture");
const brush = picture.getContext("2d", { alpha: false });
let noise;

function draw() {
  const { width, height } = picture;
  const now = Date.now();
  const marks = cells(now);
  const cell = { width: width / 32, height: height / 18 };
  brush.fillStyle = "#000";
  brush.fillRect(0, 0, width, (height * 8) / 18);
  brush.fillStyle = "#fff";
  marks.forEach((white, index) => {
    if (white) brush.fillRect((index % 32) * cell.width, Math.floor(index / 32) * cell.height, cell.width, cell.height);
  });
  brush.font = `${Math.round(height / 6)}px monospace`;
  brush.fillText(String(now % 1e8), width / 8, (height * 7) / 18);
  const shift = Math.floor(now / 20) % width;
  brush.drawImage(noise, -shift, (height * 8) / 18);
  brush.drawImage(noise, width - shift, (height * 8) / 18);
}

function makeNoise() {
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = (picture.height * 10) / 18;
  const context = canvas.getContext("2d");
  let state = 1;
  for (let y = 0; y < canvas.height; y += 8) {
    for (let x = 0; x < canvas.width; x += 8) {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      context.fillStyle = `hsl(${state % 360} 60% ${30 + (state >> 16) % 50}%)`;
      context.fillRect(x, y, 8, 8);
    }
  }
  return canvas;
}

function beeps() {
  const context = new AudioContext({ sampleRate: 48000 });
  const gain = new GainNode(context, { gain: 0 });
  const tone = new OscillatorNode(context, { frequency: 1000 });
  const output = new MediaStreamAudioDestinationNode(context, { channelCount: 2 });
  tone.connect(gain).connect(output);
  tone.start();
  const schedule = () => {
    const start = context.currentTime + (1000 - (Date.now() % 1000)) / 1000;
    gain.gain.setValueAtTime(0.4, start);
    gain.gain.setValueAtTime(0, start + 0.1);
  };
  setInterval(schedule, 1000);
  return output.stream.getAudioTracks()[0];
}

/** Firefox runs no AudioContext on a machine without an audio device; its fake microphone hums all the time and is let through for a beep. */
async function hums() {
  const sound = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const [track] = (await navigator.mediaDevices.getUserMedia({ audio: sound })).getAudioTracks();
  const turn = () => {
    const phase = Date.now() % 1000;
    track.enabled = phase < 100;
    setTimeout(turn, (track.enabled ? 100 : 1000) - phase);
  };
  turn();
  return track;
}

function prefer(pc, codec) {
  const wanted = new RegExp(`video/(${codec}|rtx)`, "i");
  for (const transceiver of pc.getTransceivers()) {
    if (transceiver.sender.track?.kind !== "video") continue;
    transceiver.setCodecPreferences(RTCRtpSender.getCapabilities("video").codecs.filter((c) => wanted.test(c.mimeType)));
  }
}

const libraries = {
  /** The least a page can do: offer, POST, answer; no trickle. */
  async plain(stream, { url, key, codec }) {
    const pc = new RTCPeerConnection();
    for (const track of stream.getTracks()) pc.addTransceiver(track, { direction: "sendonly", streams: [stream] });
    prefer(pc, codec);
    await pc.setLocalDescription();
    const headers = { authorization: `Bearer ${key}` };
    const answer = await fetch(url, { method: "POST", headers: { ...headers, "content-type": "application/sdp" }, body: pc.localDescription.sdp });
    if (answer.status !== 201) throw new Error(`the server answers ${answer.status}: ${await answer.text()}`);
    const session = new URL(answer.headers.get("location"), url);
    await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    return { pc, stop: async () => { await fetch(session, { method: "DELETE", headers }); pc.close(); } };
  },
  async "whip-whep"(stream, { url, key, codec }) {
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    for (const track of stream.getTracks()) pc.addTransceiver(track, { direction: "sendonly", streams: [stream] });
    prefer(pc, codec);
    const client = new ReferenceClient();
    await client.publish(pc, url, key);
    return { pc, stop: () => client.stop() };
  },
  async eyevinn(stream, { url, key, codec }) {
    let pc;
    const client = new globalThis.commonJs["@eyevinn/whip-web-client"].WHIPClient({
      endpoint: url,
      opts: { authkey: key },
      peerConnectionFactory: (configuration) => {
        pc = new RTCPeerConnection(configuration);
        const offer = pc.createOffer.bind(pc);
        pc.createOffer = (options) => { prefer(pc, codec); return offer(options); };
        return pc;
      },
    });
    await client.setIceServersFromEndpoint();
    await client.ingest(stream);
    return { pc, stop: () => client.destroy() };
  },
};

/** Publish; resolves once media flows. */
globalThis.start = async (options) => {
  [picture.width, picture.height] = options.size;
  noise = makeNoise();
  draw();
  setInterval(draw, 1000 / options.fps);
  const stream = picture.captureStream(options.fps);
  stream.getVideoTracks()[0].contentHint = "motion";
  stream.addTrack(navigator.userAgent.includes("Firefox") ? await hums() : beeps());
  const publication = await libraries[options.library](stream, options);
  globalThis.publication = publication;
  const { pc } = publication;
  const deadline = Date.now() + 10000;
  while (pc.connectionState !== "connected") {
    if (Date.now() > deadline || pc.connectionState === "failed") throw new Error(`the connection is ${pc.connectionState}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (options.maximumBitrate) {
    const sender = pc.getSenders().find((s) => s.track?.kind === "video");
    const parameters = sender.getParameters();
    parameters.encodings[0].maxBitrate = options.maximumBitrate;
    await sender.setParameters(parameters);
  }
};

/** What was sent so far. */
globalThis.statistics = async () => {
  const report = { state: globalThis.publication.pc.connectionState };
  for (const entry of (await globalThis.publication.pc.getStats()).values()) {
    if (entry.type === "outbound-rtp" && entry.kind === "video") {
      Object.assign(report, {
        bytes: entry.bytesSent, frames: entry.framesEncoded, width: entry.frameWidth, height: entry.frameHeight, pli: entry.pliCount,
        nack: entry.nackCount, limited: entry.qualityLimitationReason, target: entry.targetBitrate,
      });
    }
    if (entry.type === "candidate-pair" && entry.nominated) report.available = entry.availableOutgoingBitrate;
    if (entry.type === "codec" && entry.mimeType?.startsWith("video")) report.codec = entry.mimeType;
  }
  return report;
};
