// Fails the build when a page would weigh more than it may: bytes of its scripts and styles as sent, gzipped.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const STATIC = new URL('../../static/', import.meta.url);
const BUDGET_KIB = { moderate: 85, index: 40, studio: 45, watch: 235, embed: 235, chat: 60, sign: 35, account: 35, dashboard: 35, admin: 35, calls: 35, call: 60 };
const read = (name) => readFileSync(new URL(name, STATIC));

let over = false;
for (const [page, budget] of Object.entries(BUDGET_KIB)) {
  const html = read(`${page}.html`).toString();
  const names = new Set([...html.matchAll(/(?:src|href)="\/static\/([^"]+\.(?:js|css))"/g)].map((match) => match[1]));
  const kib = [...names].reduce((sum, name) => sum + gzipSync(read(name)).length, 0) / 1024;
  console.log(`${page.padEnd(8)} ${kib.toFixed(1).padStart(6)} KiB of ${budget}`);
  over ||= kib > budget;
}
if (over) {
  console.error('A page is over its budget: see web/frontend/scripts/budget.mjs.');
  process.exit(1);
}
