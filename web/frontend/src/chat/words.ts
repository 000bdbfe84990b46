/** Modes, refusals and times of a room in words. */

import type { Modes, You } from '../lib/frames';
import { texts } from '../texts';

const words = texts.chat;
const locale = (): string => globalThis.document?.documentElement.lang || 'en';
const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** `10 s`, `5 min`, `2 days`: rounded up to what tells it well. */
export function span(seconds: number): string {
  const unit = (value: number, name: string): string =>
    new Intl.NumberFormat(locale(), { style: 'unit', unit: name, unitDisplay: name === 'day' ? 'long' : 'short' }).format(value);
  for (const [name, size] of UNITS) if (seconds >= size && (seconds % size === 0 || seconds >= 2 * size)) return unit(Math.ceil(seconds / size), name);
  return unit(Math.max(1, Math.ceil(seconds)), 'second');
}

export function modesLine(modes: Modes, shield: boolean): string {
  const found: string[] = [];
  const { followers_minutes: followers } = modes;
  if (shield) found.push(words.modes.shield);
  if (modes.read_only) found.push(words.modes.read_only);
  if (modes.members_only) found.push(words.modes.members_only);
  if (followers !== null) found.push(followers === 0 ? words.modes.followers : words.modes.followersFor(span(followers * 60)));
  if (modes.verified_only) found.push(words.modes.verified_only);
  if (modes.account_age_minutes > 0) found.push(words.modes.account_age(span(modes.account_age_minutes * 60)));
  if (modes.emote_only) found.push(words.modes.emote_only);
  if (modes.slow_seconds > 0) found.push(words.modes.slow(span(modes.slow_seconds)));
  if (modes.unique) found.push(words.modes.unique);
  if (modes.links === 'nobody') found.push(words.modes.links);
  if (modes.delay_seconds > 0) found.push(words.modes.delay(span(modes.delay_seconds)));
  // The first word of a sentence is written so, the others are not.
  return found.map((one, index) => (index === 0 ? one : one.charAt(0).toLocaleLowerCase(locale()) + one.slice(1))).join(', ');
}

/** Why somebody can't write. */
export function reason(you: You, modes: Modes): string {
  const { reasons } = words;
  switch (you.refused) {
    case 'followers_only':
      return modes.followers_minutes ? reasons.followers_for(span(modes.followers_minutes * 60)) : reasons.followers_only;
    case 'account_too_new':
      return reasons.account_too_new(span(modes.account_age_minutes * 60));
    case 'sign_in_required':
    case 'chat_banned':
    case 'chat_muted':
    case 'warning_pending':
    case 'read_only':
    case 'members_only':
    case 'verified_only':
      return reasons[you.refused];
    default:
      return reasons.other;
  }
}

export function refusal(code: string, detail: string): string {
  return words.problems[code] ?? (detail || words.drafts.failed);
}

const timeOf = new Map<string, Intl.DateTimeFormat>();

function format(kind: 'time' | 'day' | 'full', at: number): string {
  const key = kind + locale();
  let found = timeOf.get(key);
  if (found === undefined) {
    const options: Record<typeof kind, Intl.DateTimeFormatOptions> = {
      time: { hour: '2-digit', minute: '2-digit' },
      day: { weekday: 'long', day: 'numeric', month: 'long' },
      full: { dateStyle: 'medium', timeStyle: 'medium' },
    };
    found = new Intl.DateTimeFormat(locale(), options[kind]);
    timeOf.set(key, found);
  }
  return found.format(at);
}

export const clockTime = (at: number): string => format('time', at);
export const exactTime = (at: number): string => format('full', at);

export function day(at: number): string {
  return new Date(at).toDateString() === new Date().toDateString() ? words.today : format('day', at);
}
