/** What a screen reader is told of new messages: politely, a few at a time, and only if somebody wants it. */

import { isMessage, type Entry } from '../lib/timeline';
import { texts } from '../texts';

const words = texts.chat;
const FEW = 3;

/** What is said of the entries after `last`; and the new `last`. */
export function announcement(entries: readonly Entry[], last: string, me: string): { text: string; last: string } {
  const newest = entries.at(-1)?.key ?? '';
  if (last === '' || newest === last) return { text: '', last: newest };
  const from = entries.findIndex((entry) => entry.key === last);
  const fresh = entries.slice(from + 1).filter(isMessage).filter((entry) => entry.message.author.name !== me && !entry.gone);
  if (from < 0 || fresh.length === 0) return { text: '', last: newest };
  const text = fresh.length > FEW ? words.announced(fresh.length) : fresh.map((entry) => words.said(entry.message.author.shown, entry.message.text)).join('\n');
  return { text, last: newest };
}
