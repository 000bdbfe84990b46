// Publishes from a browser until SIGINT: node publish-browser.mjs --browser chromium --executable PATH --library plain --codec h264 --url URL --key KEY
import { openBrowser, options, say, toldToStop } from "./browser.mjs";
import { openSite } from "./site.mjs";

const wanted = options({ browser: "chromium", library: "plain", codec: "h264", size: "1280x720", fps: "30", seconds: "0", "maximum-bitrate": "0" });
const told = toldToStop(Number(wanted.seconds));
const site = await openSite();
const { browser, close } = await openBrowser(wanted.browser, wanted.executable);
let status = 0;
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => say({ event: "page-error", detail: String(error) }));
  page.on("console", (message) => message.type() === "error" && say({ event: "console", detail: message.text() }));
  await page.goto(`${site.address}/pages/publish.html`);
  await page.waitForFunction("globalThis.start !== undefined");
  const settings = {
    url: wanted.url, key: wanted.key, library: wanted.library, codec: wanted.codec, size: wanted.size.split("x").map(Number), fps: Number(wanted.fps),
    maximumBitrate: Number(wanted["maximum-bitrate"]),
  };
  await page.evaluate((given) => globalThis.start(given), settings);
  say({ event: "live" });
  const timer = setInterval(async () => {
    try {
      say({ event: "statistics", at: Date.now(), ...(await page.evaluate(() => globalThis.statistics())) });
    } catch {
      clearInterval(timer);
    }
  }, 500);
  await told;
  clearInterval(timer);
  await page.evaluate(() => globalThis.publication.stop());
  say({ event: "ended" });
} catch (error) {
  say({ event: "failed", detail: String(error) });
  status = 1;
} finally {
  await close();
  site.close();
}
process.exit(status);
