// Plays an address with hls.js or shaka-player and keeps what a viewer would have noticed.
import { readStamp } from "../stamp.js";

const screen = document.getElementById("screen");
const seen = { errors: [], waits: [], latencies: [], glass: [], stalls: 0, startedAt: null, playingAt: null };
globalThis.seen = seen;

function watch() {
  const canvas = document.createElement("canvas");
  const brush = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  let waiting = null;
  screen.addEventListener("playing", () => {
    seen.playingAt ??= Date.now();
    if (waiting) seen.waits.push([waiting, Date.now() - waiting]);
    waiting = null;
  });
  screen.addEventListener("waiting", () => {
    if (seen.playingAt) waiting = Date.now();
  });
  const look = () => {
    [canvas.width, canvas.height] = [640, 360];
    brush.drawImage(screen, 0, 0, 640, 360);
    const shown = readStamp(brush.getImageData(0, 0, 640, 40).data, 640, 360);
    if (shown) seen.glass.push([Date.now(), shown]);
    screen.requestVideoFrameCallback(look);
  };
  screen.requestVideoFrameCallback(look);
}

const players = {
  async "hls.js"(url) {
    const hls = new globalThis.Hls({ lowLatencyMode: true });
    hls.on(globalThis.Hls.Events.ERROR, (_event, data) => {
      seen.errors.push(`${data.fatal ? "fatal " : ""}${data.type} ${data.details} ${data.reason ?? data.error?.message ?? ""}`);
      if (data.details === "bufferStalledError") seen.stalls += 1;
      if (data.fatal && data.type === "networkError") setTimeout(() => hls.loadSource(url), 200);
      else if (data.fatal) hls.recoverMediaError();
    });
    hls.loadSource(url);
    hls.attachMedia(screen);
    globalThis.latency = () => hls.latency;
  },
  async shaka(url) {
    globalThis.shaka.polyfill.installAll();
    const player = new globalThis.shaka.Player();
    await player.attach(screen);
    player.configure({ streaming: { lowLatencyMode: true } });
    player.addEventListener("error", (event) => seen.errors.push(`${event.detail.severity} ${event.detail.code} ${event.detail.data}`));
    await player.load(url);
    globalThis.latency = () => player.getStats().liveLatency;
    setInterval(() => { seen.stalls = player.getStats().stallsDetected; }, 250);
  },
};

/** Begin to play. */
globalThis.start = async (name, url) => {
  seen.startedAt = Date.now();
  watch();
  await players[name](url);
  await screen.play();
  setInterval(() => seen.latencies.push(globalThis.latency()), 500);
};

/** Everything so far. */
globalThis.report = () => {
  const quality = screen.getVideoPlaybackQuality();
  return { ...seen, position: screen.currentTime, frames: quality.totalVideoFrames, dropped: quality.droppedVideoFrames, error: screen.error?.message };
};
