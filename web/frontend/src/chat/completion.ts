/** What is being typed at the caret, and what it may become. Pure. */

export interface Offer {
  /** What is put in place of what was typed. */
  text: string;
  label: string;
  detail?: string;
  picture?: string;
}

export interface Token {
  kind: 'mention' | 'emote' | 'command';
  typed: string;
  start: number;
  end: number;
}

export const MOST_OFFERS = 8;

/** The mention, emote or command before the caret, or null. */
export function tokenAt(text: string, caret: number): Token | null {
  const before = text.slice(0, caret);
  const command = /^\/([a-z-]*)$/i.exec(before);
  if (command) return { kind: 'command', typed: (command[1] ?? '').toLowerCase(), start: 0, end: caret };
  const mention = /(?:^|[\s(])@([a-z0-9_-]{0,32})$/i.exec(before);
  if (mention) return { kind: 'mention', typed: (mention[1] ?? '').toLowerCase(), start: caret - (mention[1] ?? '').length - 1, end: caret };
  const emote = /(?:^|\s):([a-z0-9_+-]{2,31})$/i.exec(before);
  if (emote) return { kind: 'emote', typed: (emote[1] ?? '').toLowerCase(), start: caret - (emote[1] ?? '').length - 1, end: caret };
  return null;
}

/** The offers whose name begins with what was typed, then those that hold it, in the order given. */
export function matching<T>(items: Iterable<T>, typed: string, names: (item: T) => readonly string[], most = MOST_OFFERS): T[] {
  const first: T[] = [];
  const second: T[] = [];
  for (const item of items) {
    const found = names(item);
    if (found.some((name) => name.startsWith(typed))) first.push(item);
    else if (typed.length > 1 && second.length < most && found.some((name) => name.includes(typed))) second.push(item);
    if (first.length >= most) break;
  }
  return [...first, ...second].slice(0, most);
}

/** The text with an offer taken, and where the caret is then. */
export function taken(text: string, token: Token, offer: Offer): { text: string; caret: number } {
  const rest = text.slice(token.end);
  const put = offer.text + (rest.startsWith(' ') ? '' : ' ');
  return { text: text.slice(0, token.start) + put + rest, caret: token.start + put.length + (rest.startsWith(' ') ? 1 : 0) };
}

/** Code points, and whether the text is too long for the server. */
export function lengthOf(text: string, longest: number, largest = 2048): { left: number; fits: boolean } {
  const points = [...text].length;
  const bytes = new TextEncoder().encode(text).length;
  const left = Math.min(longest - points, largest - bytes);
  return { left, fits: left >= 0 };
}
