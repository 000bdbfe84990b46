/** What we wrote and do not see in the room yet: on its way, waiting for the team, or refused. */

import type { Done, Message, Quoted, Refused } from './frames';

export interface Draft {
  id: string;
  text: string;
  reply: Quoted | null;
  media: number;
  /** `sent` is committed, only the room's own word of it is still to come. */
  state: 'sending' | 'sent' | 'held' | 'failed';
  /** The message's id, once known. */
  message: string;
  code: string;
  detail: string;
  /** When it may be tried again, by our own clock; 0 if waiting does not help or is not needed. */
  again: number;
}

export class Drafts {
  items: readonly Draft[] = [];

  add(id: string, text: string, reply: Quoted | null, media: number): void {
    this.items = [...this.items, { id, text, reply, media, state: 'sending', message: '', code: '', detail: '', again: 0 }];
  }

  find(id: string): Draft | undefined {
    return this.items.find((draft) => draft.id === id);
  }

  drop(id: string): void {
    this.items = this.items.filter((draft) => draft.id !== id);
  }

  /** The room was shown anew: what is committed is in it, or in its history. */
  dropSent(): void {
    this.items = this.items.filter((draft) => draft.state !== 'sent');
  }

  sendingAgain(id: string): void {
    this.change(id, { state: 'sending', code: '', detail: '', again: 0 });
  }

  /** It is committed. A message the room told of already is shown already. */
  done(id: string, frame: Done, shown: boolean): void {
    if (frame.held) this.change(id, { state: 'held', message: frame.message ?? '' });
    else if (shown || !frame.message) this.drop(id);
    else this.change(id, { state: 'sent', message: frame.message });
  }

  refused(id: string, frame: Refused, now: number): void {
    const after = frame.retry_after ?? 0;
    this.change(id, { state: 'failed', code: frame.code, detail: frame.detail, again: after > 0 ? now + after * 1000 : 0 });
  }

  /**
   * The room tells of a message: ours is no draft any more. Where its number is not known yet, the first of the same text is it, so that
   * nothing is seen twice while the answer is on its way.
   */
  appeared(message: Message, own: boolean): void {
    const found =
      this.items.find((draft) => draft.message === message.id) ??
      (own ? this.items.find((draft) => draft.message === '' && draft.state === 'sending' && draft.text === message.text) : undefined);
    if (found !== undefined) this.drop(found.id);
  }

  private change(id: string, change: Partial<Draft>): void {
    this.items = this.items.map((draft) => (draft.id === id ? { ...draft, ...change } : draft));
  }
}
