/** A message's text taken apart into what is shown: plain text, links, mentions, emotes. Nothing of it ever becomes markup. */

export type Part =
  | { kind: 'text'; text: string }
  /** `host` is what the browser would go to, spelt as it is asked for (punycode), so that look-alikes are seen. */
  | { kind: 'link'; href: string; before: string; host: string; after: string }
  | { kind: 'mention'; text: string; name: string }
  | { kind: 'emote'; text: string; name: string; picture: string };

const WORD = /(?<link>https?:\/\/[^\s<>"'`]+)|(?<![\w@])@(?<mention>[A-Za-z0-9][A-Za-z0-9_-]{0,31})|:(?<emote>[a-z0-9][a-z0-9_]{1,30}):/giu;
/** Marks that turn the direction of text or can't be seen: they must not change how an address reads. */
const HIDDEN = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;
const LONGEST_PATH = 40;
const EMOJI = new RegExp('\\p{RGI_Emoji}', 'gv');

export function partsOf(text: string, mentions: readonly string[], emotes: ReadonlyMap<string, string>): Part[] {
  const parts: Part[] = [];
  let done = 0;
  for (const match of text.matchAll(WORD)) {
    const { link, mention, emote } = match.groups ?? {};
    let part: Part | null = null;
    let { length } = match[0];
    if (link !== undefined) {
      const address = withoutTail(link);
      ({ length } = address);
      part = linkOf(address);
    } else if (mention !== undefined) {
      const name = mention.toLowerCase();
      if (mentions.includes(name)) part = { kind: 'mention', text: match[0], name };
    } else if (emote !== undefined) {
      const picture = emotes.get(emote.toLowerCase());
      if (picture !== undefined) part = { kind: 'emote', text: match[0], name: emote.toLowerCase(), picture };
    }
    if (part === null) continue;
    if (match.index > done) parts.push({ kind: 'text', text: text.slice(done, match.index) });
    parts.push(part);
    done = match.index + length;
  }
  if (done < text.length) parts.push({ kind: 'text', text: text.slice(done) });
  return parts;
}

/** What ends a sentence, or closes a bracket that was opened before it, is not the address's. */
function withoutTail(link: string): string {
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = link[end - 1] ?? '';
    if (/[.,;:!?…*_~]/u.test(last)) continue;
    if (last === ')' && !link.slice(0, end).includes('(')) continue;
    if (last === ']' && !link.slice(0, end).includes('[')) continue;
    break;
  }
  return link.slice(0, end);
}

function linkOf(address: string): Part | null {
  let url: URL;
  try {
    url = new URL(address.replace(HIDDEN, ''));
  } catch {
    return null;
  }
  // A name before the host is only there to be taken for the host.
  if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '') return null;
  const path = `${url.pathname === '/' ? '' : url.pathname}${url.search}${url.hash}`;
  const after = path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH - 1)}…` : path;
  return { kind: 'link', href: url.href, before: url.protocol === 'http:' ? 'http://' : '', host: url.host, after };
}

/** Whether a message is nothing but a few emoji and emotes: it is shown larger. */
export function isOnlyPictures(parts: readonly Part[]): boolean {
  let pictures = 0;
  for (const part of parts) {
    if (part.kind === 'emote') pictures += 1;
    else if (part.kind !== 'text') return false;
    else {
      const rest = part.text.replace(/\s+/gu, '');
      const found = rest.match(EMOJI) ?? [];
      if (found.join('') !== rest) return false;
      pictures += found.length;
    }
  }
  return pictures > 0 && pictures <= 6;
}
