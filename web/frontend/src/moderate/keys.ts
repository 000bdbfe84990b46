/** What a key means on the moderation page. Pure. */

export const TABS = ['queue', 'log', 'modes', 'filters', 'chat', 'people'] as const;
export type Tab = (typeof TABS)[number];

export type Command =
  | { what: 'move'; by: number }
  | { what: 'decide'; decision: Decision }
  | { what: 'open' | 'undo' | 'search' | 'shield' | 'help' | 'close' }
  | { what: 'form'; form: 'timeout' | 'ban' | 'warn' | 'note' }
  | { what: 'tab'; tab: Tab };

export type Decision = 'allow' | 'reject' | 'timeout' | 'ban';

export interface Pressed {
  key: string;
  modified: boolean;
  /** Where the focus is: in a field, in the person's card, in the chat, in the queue, elsewhere. */
  focus: 'field' | 'person' | 'chat' | 'queue' | 'elsewhere';
  /** Something waits, and the queue is seen. */
  queue: boolean;
  /** Somebody's card is open and seen. */
  person: boolean;
}

const DECISIONS: Record<string, Decision> = { a: 'allow', r: 'reject', t: 'timeout', b: 'ban' };
const FORMS = { t: 'timeout', b: 'ban', w: 'warn', n: 'note' } as const;
const MOVES: Record<string, number> = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };

/** The command of a key, or null. In a field keys write; in the card `t` and `b` are about its person, elsewhere about the queue. */
export function commandOf({ key, modified, focus, queue, person }: Pressed): Command | null {
  if (modified || focus === 'field') return null;
  if (key === '?') return { what: 'help' };
  if (key === 'z') return { what: 'undo' };
  if (key === '/') return { what: 'search' };
  if (key === 'S') return { what: 'shield' };
  const tab = TABS[Number(key) - 1];
  if (tab !== undefined) return { what: 'tab', tab };
  if (key === 'Escape') return person ? { what: 'close' } : null;
  if (person && (focus === 'person' || !queue)) {
    const form = FORMS[key as keyof typeof FORMS];
    if (form !== undefined) return { what: 'form', form };
  }
  if (person && (key === 'w' || key === 'n')) return { what: 'form', form: FORMS[key] };
  // The chat's rows have keys of their own.
  if (!queue || focus === 'person' || focus === 'chat') return null;
  const by = MOVES[key];
  if (by !== undefined && (focus === 'queue' || key.length === 1)) return { what: 'move', by };
  if ((key === 'Enter' && focus === 'queue') || key === 'o') return { what: 'open' };
  const decision = DECISIONS[key];
  return decision === undefined ? null : { what: 'decide', decision };
}
