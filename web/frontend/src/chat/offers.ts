/** What completion offers for what is being typed. */

import type { ChatCommand } from '../lib/rest';
import { matching, MOST_OFFERS, type Offer, type Token } from './completion';
import { emojiGroups } from './emoji';

export interface Sources {
  /** Who wrote or is here, the latest first. */
  people: readonly string[];
  emotes: ReadonlyMap<string, string>;
  commands: readonly ChatCommand[];
}

export async function offersFor(token: Token, sources: Sources): Promise<Offer[]> {
  switch (token.kind) {
    case 'mention':
      return matching(sources.people, token.typed, (name) => [name]).map((name) => ({ text: `@${name}`, label: `@${name}` }));
    case 'command':
      return matching(sources.commands, token.typed, (command) => [command.name]).map((command) => ({ text: `/${command.name}`, label: command.usage, detail: command.summary }));
    case 'emote': {
      const own = matching(sources.emotes, token.typed, ([name]) => [name]).map(([name, picture]) => ({ text: `:${name}:`, label: `:${name}:`, picture }));
      const groups = await emojiGroups().catch(() => []);
      const all = groups.flatMap((group) => group.emoji);
      const named = matching(all, token.typed, (one) => [one.name]);
      const emoji = [...new Set([...named, ...matching(all, token.typed, (one) => one.words)])].map((one) => ({ text: one.text, label: `${one.text} :${one.name}:` }));
      return [...own.slice(0, emoji.length > 3 ? 5 : MOST_OFFERS), ...emoji].slice(0, MOST_OFFERS);
    }
  }
}
