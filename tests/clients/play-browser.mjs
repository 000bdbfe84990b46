// Plays for some seconds: node play-browser.mjs --executable PATH --player hls.js --url URL --seconds N; the last line is the report.
import { openBrowser, options, say, toldToStop } from "./browser.mjs";
import { openSite } from "./site.mjs";

const wanted = options({ browser: "chromium", player: "hls.js", seconds: "10" });
const site = await openSite();
const { browser, close } = await openBrowser(wanted.browser, wanted.executable);
let status = 0;
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => say({ event: "page-error", detail: String(error) }));
  await page.goto(`${site.address}/pages/play.html`);
  await page.waitForFunction("globalThis.start !== undefined");
  await page.evaluate((player, url) => globalThis.start(player, url), wanted.player, wanted.url);
  say({ event: "playing" });
  await toldToStop(Number(wanted.seconds));
  say(await page.evaluate(() => globalThis.report()));
} catch (error) {
  say({ event: "failed", detail: String(error) });
  status = 1;
} finally {
  await close();
  site.close();
}
process.exit(status);
