/** "As I see it": a message waits until our own picture is as old as the message. Pure. */

import { isMessage, type Entry } from '../lib/timeline';

/**
 * How many entries are shown to somebody whose picture is from `seen` (Unix milliseconds of capture; null: there is none, nothing waits).
 * What they wrote themselves never waits, and neither does what is before it.
 */
export function shownUntil(entries: readonly Entry[], seen: number | null, me: string): number {
  if (seen === null) return entries.length;
  let end = entries.length;
  for (; end > 0; end -= 1) {
    const entry = entries[end - 1];
    if (entry === undefined) break;
    if (isMessage(entry) && (entry.message.at <= seen || entry.message.author.name === me)) break;
  }
  // A notice stands after the message it came after.
  while (end < entries.length) {
    const next = entries[end];
    if (next === undefined || isMessage(next)) break;
    end += 1;
  }
  return end;
}
