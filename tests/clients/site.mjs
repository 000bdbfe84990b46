// Serves this folder on a free port of 127.0.0.1 (a secure context for browsers), and CommonJS packages as one script.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(fileURLToPath(import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".mjs": "text/javascript" };
const require = createRequire(import.meta.url);

/** One script that puts packages written for require() under globalThis.commonJs. */
async function bundle(names) {
  const modules = new Map();
  async function add(path) {
    if (modules.has(path)) return;
    modules.set(path, null);
    const source = await readFile(path, "utf8");
    const links = {};
    for (const [, name] of source.matchAll(/require\(["']([^"']+)["']\)/g)) {
      const local = createRequire(path);
      links[name] = name === "events" ? join(ROOT, "node_modules/events/events.js") : local.resolve(name);
      await add(links[name]);
    }
    modules.set(path, { source, links });
  }
  const entries = {};
  for (const name of names) {
    entries[name] = require.resolve(name);
    await add(entries[name]);
  }
  const table = [...modules].map(([path, { source, links }]) => `${JSON.stringify(path)}:[(module,exports,require)=>{${source}\n},${JSON.stringify(links)}]`);
  return `(()=>{const table={${table.join(",\n")}};const done={};
  const load=(path)=>{if(!done[path]){const module=done[path]={exports:{}};const [run,links]=table[path];run(module,module.exports,(name)=>load(links[name]));}return done[path].exports;};
  globalThis.commonJs={};for(const [name,path] of Object.entries(${JSON.stringify(entries)}))globalThis.commonJs[name]=load(path);})();`;
}

/** Start; gives the site's address and a function that closes it. */
export async function openSite() {
  const common = await bundle(["@eyevinn/whip-web-client"]);
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
    try {
      const body = path === "/common-js.js" ? common : await readFile(join(ROOT, path));
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { address: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close(); } };
}
