/** What this page knows of links: each is asked for once, whoever posts it how often. */

import type { Preview } from '../lib/rest';
import { rest } from '../lib/rest';
import { asApiError } from '../lib/session';

/** So many are remembered; the oldest are forgotten first. */
const MOST = 200;
/** What says that the link leads to nothing; all else may pass. */
const FINAL = new Set([400, 403, 404]);

/** null: the link leads to nothing that says what it is. */
const known = new Map<string, Preview | null>();
const asking = new Map<string, Promise<Preview | null>>();
const closed = new Set<string>();

const keyOf = (channel: string, href: string): string => `${channel} ${href}`;

/** What is known already; undefined for nothing. */
export function lookedUp(channel: string, href: string): Preview | null | undefined {
  return known.get(keyOf(channel, href));
}

export function lookUp(channel: string, href: string, ask = askServer): Promise<Preview | null> {
  const key = keyOf(channel, href);
  const found = known.get(key);
  if (found !== undefined) return Promise.resolve(found);
  const before = asking.get(key);
  if (before !== undefined) return before;
  const asked = ask(channel, href)
    .then(
      (preview) => keep(key, preview),
      // Too many at once, or a server that is away: nothing is shown, and the next who draws it may ask again.
      (error: unknown) => (FINAL.has(asApiError(error).status) ? keep(key, null) : null),
    )
    .finally(() => asking.delete(key));
  asking.set(key, asked);
  return asked;
}

function askServer(channel: string, href: string): Promise<Preview> {
  return rest.previews.preview(channel, { url: href });
}

function keep(key: string, preview: Preview | null): Preview | null {
  known.set(key, preview);
  for (const oldest of known.keys()) if (known.size > MOST) known.delete(oldest);
  return preview;
}

/** Somebody does not want to see it: until the page is opened again, wherever it is posted. */
export function dismiss(href: string): void {
  closed.add(href);
}

export function dismissed(href: string): boolean {
  return closed.has(href);
}
