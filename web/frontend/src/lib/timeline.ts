/** What a room's list shows: messages in the room's order, each once, and what else happened between them. Entries are replaced, never changed. */

import type { Message, Numbered } from './frames';

export type Notice =
  | { what: 'missed' }
  | { what: 'cleared' }
  | { what: 'came'; names: string[] }
  | { what: 'answer'; text: string }
  | { what: 'restricted'; name: string; until: number };

/** `seq` is at least the message's number: enough to ask for what is before it, since what is known already is passed over. */
export interface MessageEntry {
  key: string;
  seq: number;
  message: Message;
  /** Taken away by the team; its text is kept for the team's eyes only. */
  gone: boolean;
}

export interface NoticeEntry {
  key: string;
  notice: Notice;
}

export type Entry = MessageEntry | NoticeEntry;

export function isMessage(entry: Entry): entry is MessageEntry {
  return 'message' in entry;
}

/** So many entries are kept; the oldest go, and can be had again from the history. */
export const KEPT = 600;
/** While somebody reads back nothing of theirs goes: beyond this the newest are only counted. */
export const MOST = 2 * KEPT;

export class Timeline {
  entries: readonly Entry[] = [];
  /** Whether there are messages before the first. */
  earlier = false;
  /** How many came that are not in `entries`, since somebody reads further back. */
  skipped = 0;
  private readonly ids = new Set<string>();
  private holding = false;
  private notices = 0;

  /** Somebody reads back, or no longer. Whether what came meanwhile has to be fetched. */
  hold(holding: boolean): boolean {
    this.holding = holding;
    if (holding || this.skipped === 0) {
      if (!holding) this.trim();
      return false;
    }
    this.replace([], true);
    return true;
  }

  replace(messages: readonly Numbered[], earlier: boolean): void {
    this.ids.clear();
    this.entries = [];
    this.skipped = 0;
    this.earlier = earlier;
    for (const { seq, message } of messages) this.add(message, seq);
  }

  add(message: Message, seq: number): void {
    if (this.ids.has(message.id)) return;
    if (this.skipped > 0 || (this.holding && this.entries.length >= MOST)) {
      this.skipped += 1;
      return;
    }
    this.ids.add(message.id);
    this.entries = [...this.entries, { key: message.id, seq, message, gone: false }];
    this.trim();
  }

  /** Older messages, oldest first. How many were new. */
  prepend(messages: readonly Numbered[], earlier: boolean): number {
    const fresh = messages.filter(({ message }) => !this.ids.has(message.id));
    for (const { message } of fresh) this.ids.add(message.id);
    this.entries = [...fresh.map(({ seq, message }) => ({ key: message.id, seq, message, gone: false })), ...this.entries];
    this.earlier = earlier;
    return fresh.length;
  }

  note(notice: Notice): void {
    const last = this.entries.at(-1);
    this.notices += 1;
    const key = `notice-${this.notices}`;
    // Who came one after the other came together.
    if (notice.what === 'came' && last !== undefined && !isMessage(last) && last.notice.what === 'came') {
      const names = [...new Set([...last.notice.names, ...notice.names])].slice(-12);
      this.entries = [...this.entries.slice(0, -1), { key: last.key, notice: { what: 'came', names } }];
      return;
    }
    if (this.skipped > 0) return;
    this.entries = [...this.entries, { key, notice }];
    this.trim();
  }

  edit(id: string, text: string, mentions: string[]): void {
    this.change((message) => (message.id === id ? { ...message, text, mentions, edited: true } : message));
  }

  react(id: string, reactions: Record<string, number>): void {
    this.change((message) => (message.id === id ? { ...message, reactions } : message));
  }

  /** Messages are gone: without a trace if their author did it, with a mark where the team did. */
  remove(gone: (message: Message) => boolean, byTeam: boolean): void {
    if (byTeam) this.entries = this.entries.map((entry) => (isMessage(entry) && gone(entry.message) ? { ...entry, gone: true } : entry));
    else this.entries = this.entries.filter((entry) => !isMessage(entry) || !gone(entry.message));
  }

  /** The team took back what it did: messages are where they were. */
  restore(messages: readonly Message[]): void {
    const back = new Map(messages.map((message) => [message.id, message]));
    const entries = this.entries.map((entry) => (isMessage(entry) && back.delete(entry.key) ? { ...entry, gone: false } : entry));
    for (const message of back.values()) {
      const before = entries.findIndex((entry) => isMessage(entry) && entry.message.at > message.at);
      // Older than everything that is shown: the history has it.
      if (before === 0 && this.earlier) continue;
      const next = entries[before];
      const seq = next !== undefined && isMessage(next) ? next.seq : (this.entries.findLast(isMessage)?.seq ?? 0);
      this.ids.add(message.id);
      entries.splice(before < 0 ? entries.length : before, 0, { key: message.id, seq, message, gone: false });
    }
    this.entries = entries;
  }

  clear(): void {
    this.entries = [];
    this.skipped = 0;
    this.earlier = false;
    this.note({ what: 'cleared' });
  }

  find(id: string): MessageEntry | null {
    const found = this.entries.find((entry) => entry.key === id);
    return found !== undefined && isMessage(found) ? found : null;
  }

  /** The number to ask the history with for what is before the first message. */
  get oldest(): number | null {
    const first = this.entries.find(isMessage);
    return first === undefined ? null : first.seq;
  }

  private change(change: (message: Message) => Message): void {
    let changed = false;
    const entries = this.entries.map((entry) => {
      if (!isMessage(entry)) return entry;
      const message = change(entry.message);
      if (message === entry.message) return entry;
      changed = true;
      return { ...entry, message };
    });
    if (changed) this.entries = entries;
  }

  private trim(): void {
    if (this.holding || this.entries.length <= KEPT) return;
    // A fifth at a time, so that it costs nothing while messages pour in.
    const cut = Math.max(this.entries.length - KEPT, KEPT / 5);
    for (const entry of this.entries.slice(0, cut)) if (isMessage(entry)) this.ids.delete(entry.key);
    this.entries = this.entries.slice(cut);
    this.earlier = true;
  }
}
