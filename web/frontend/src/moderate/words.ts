/** Lines of the log, reasons and times in words. Pure. */

import { span } from '../chat/words';
import type { Data } from '../lib/frames';
import { moderation } from './texts';

const words = moderation;

interface Line {
  action: string;
  account: string | null;
  data: Data;
}

/** What was done, with `{who}` where the account's name goes. */
export function deed({ action, account, data }: Line): string {
  const { deeds } = words;
  const seconds = Number(data['seconds'] ?? 0);
  const lasting = words.deedsFor[action];
  if (lasting !== undefined && seconds > 0) return lasting(span(seconds));
  if (action === 'suspect' && typeof data['level'] === 'string') return deeds[data['level']] ?? deeds['suspect'] ?? action;
  if (action === 'restore' && account !== null) return deeds['restoreOf'] ?? action;
  return deeds[action] ?? action;
}

/** The rest of what is known of a line: a message's text, a setting and its value. */
export function detail({ action, data }: Line): string {
  const text = data['text'];
  if (action === 'add_term' || action === 'remove_term') {
    const effect = words.filters.effectTags[String(data['effect'])];
    return `“${String(text)}”${effect === undefined ? '' : ` (${effect})`}`;
  }
  if (typeof text === 'string' && text !== '') return `“${text}”`;
  if (action !== 'settings') return '';
  return Object.entries(data)
    .map(([path, value]) => `${setting(path)}: ${valueOf(path, value)}`)
    .join(', ');
}

function setting(path: string): string {
  const [above = '', name = above] = path.split('.');
  if (above === 'automod') return words.filters.limit[name] ?? words.filters.categories[path.split('.')[2] ?? ''] ?? name;
  if (above === 'allowed_hosts') return words.modes.hosts;
  if (above === 'raid') return words.shield.raid;
  const found = (words.modes as Record<string, unknown>)[name];
  const label = Array.isArray(found) ? String(found[0]) : name.replaceAll('_', ' ');
  return above === 'shield_modes' ? `${words.shield.title} · ${label}` : label;
}

function valueOf(path: string, value: string | number | boolean | null): string {
  const name = path.split('.').at(-1) ?? '';
  if (value === null || value === false) return words.modes.off;
  if (value === true) return words.on;
  if (name === 'links') return words.modes.linkPolicies[String(value)] ?? String(value);
  if (typeof value === 'number' && name.endsWith('_seconds')) return value === 0 ? words.modes.off : span(value);
  if (typeof value === 'number' && name.endsWith('_minutes')) return value === 0 ? (name === 'followers_minutes' ? words.modes.anybody : words.modes.off) : span(value * 60);
  if (path.startsWith('automod.levels')) return words.filters.levels[Number(value)] ?? String(value);
  return String(value);
}

/** `term:spam` and `hate` as people say them. */
export function reasonsOf(why: readonly string[]): string {
  return why
    .map((one) => {
      const [kind = '', ...rest] = one.split(':');
      if (kind === 'term' && rest.length > 0) return words.term(rest.join(':').trim());
      return words.why[one] ?? words.why[kind] ?? one;
    })
    .join(', ');
}
