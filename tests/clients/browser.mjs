// Opens Chromium or Firefox without a window, with autoplay and fake devices allowed.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

/** Gives the browser; its profile goes when it is closed. */
export async function openBrowser(name, executable) {
  const profile = await mkdtemp(join(tmpdir(), "fanlight-browser-"));
  const chromium = {
    args: [
      "--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-features=WebRtcHideLocalIpsWithMdns", "--mute-audio",
      "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
      "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--disable-gpu", "--disable-dev-shm-usage",
    ],
  };
  const firefox = {
    extraPrefsFirefox: {
      "media.autoplay.default": 0, "media.autoplay.blocking_policy": 0, "media.navigator.streams.fake": true,
      "media.navigator.permission.disabled": true, "media.peerconnection.ice.loopback": true, "media.gmp-manager.updateEnabled": false,
      "media.peerconnection.ice.obfuscate_host_addresses": false,
    },
  };
  const browser = await puppeteer.launch({
    browser: name === "firefox" ? "firefox" : "chrome", executablePath: executable, headless: true, userDataDir: profile, handleSIGINT: false,
    handleSIGTERM: false, protocolTimeout: 60000, ...(name === "firefox" ? firefox : chromium),
  });
  const close = async () => {
    await browser.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { browser, close };
}

/** Command line words like --name value into an object. */
export function options(defaults) {
  const words = process.argv.slice(2);
  const result = { ...defaults };
  for (let index = 0; index < words.length; index += 2) result[words[index].replace(/^--/, "")] = words[index + 1];
  return result;
}

/** Resolves at SIGINT or SIGTERM, or after so many seconds. */
export function toldToStop(seconds = 0) {
  return new Promise((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
    if (seconds) setTimeout(resolve, seconds * 1000);
  });
}

/** One JSON object a line. */
export function say(object) {
  process.stdout.write(`${JSON.stringify(object)}\n`);
}
