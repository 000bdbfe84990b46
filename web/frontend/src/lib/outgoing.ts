/** What we asked of the server and have no answer to: kept over reconnections, sent again under the same id, so that it is done once. */

import { lasting, type Answer, type Refused, type Request } from './frames';

export type Answered = (answer: Answer) => void;

interface Entry {
  id: string;
  request: Request;
  answered: Answered;
  since: number;
  sent: boolean;
  notBefore: number;
  tries: number;
}

/** So many may wait; more are refused here (`queue_full`). */
const LIMIT = 50;
/** So many of the lasting ones are under way at a time: a queue that comes back does not look like a flood. */
const UNDER_WAY = 8;
/** Whoever wrote something ten minutes ago no longer expects it to be said. Milliseconds. */
const TOO_OLD = 600_000;
/** Refusals that are no judgement: the same may be taken in a moment. */
export const PASSING: ReadonlySet<string> = new Set(['database_unavailable', 'bus_unavailable', 'server_busy', 'too_many_requests']);
const TRIES = 6;

export class Outgoing {
  private entries: Entry[] = [];

  get waiting(): number {
    return this.entries.length;
  }

  /** Keeps a request; what does not outlive a connection goes first. */
  add(id: string, request: Request, answered: Answered, now: number): void {
    if (this.entries.length >= LIMIT) {
      answered(refusal(id, 'queue_full', 'Too much is waiting to be sent.'));
      return;
    }
    const entry = { id, request, answered, since: now, sent: false, notBefore: 0, tries: 0 };
    if (lasting(request)) {
      this.entries.push(entry);
      return;
    }
    const at = this.entries.findIndex((other) => lasting(other.request) && !other.sent);
    this.entries.splice(at < 0 ? this.entries.length : at, 0, entry);
  }

  /** Forgets a request that was not sent yet; whether it was. */
  withdraw(id: string): boolean {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => entry.id !== id || entry.sent);
    return this.entries.length < before;
  }

  /** The frames to send now. */
  take(now: number): string[] {
    const frames: string[] = [];
    let under = this.entries.filter((entry) => entry.sent && lasting(entry.request)).length;
    for (const entry of this.entries) {
      if (entry.sent) continue;
      const counts = lasting(entry.request);
      // What comes after one that has to wait waits, too: what somebody wrote keeps its order.
      if (counts && (under >= UNDER_WAY || entry.notBefore > now)) break;
      if (counts) under += 1;
      entry.sent = true;
      frames.push(JSON.stringify({ ...entry.request, id: entry.id }));
    }
    return frames;
  }

  /** Gives an answer to whoever asked. Milliseconds after which to `take` again because the server is in trouble, or null. */
  settle(frame: Answer, now: number): number | null {
    const entry = this.entries.find((one) => one.id === frame.id);
    if (entry === undefined) return null;
    if (frame.type === 'refused' && lasting(entry.request) && PASSING.has(frame.code) && entry.tries < TRIES) {
      const pause = Math.max(1000, (frame.retry_after ?? 0) * 1000);
      entry.sent = false;
      entry.tries += 1;
      entry.notBefore = now + pause;
      return pause;
    }
    this.entries = this.entries.filter((one) => one !== entry);
    entry.answered(frame);
    return null;
  }

  /** The connection is gone: what lasts is sent again on the next, the rest is over. */
  disconnected(): void {
    const over = this.entries.filter((entry) => !lasting(entry.request));
    this.entries = this.entries.filter((entry) => lasting(entry.request));
    for (const entry of this.entries) entry.sent = false;
    for (const entry of over) entry.answered(refusal(entry.id, 'offline', 'The connection was lost.'));
  }

  /** Gives up what waited too long, or everything. */
  expire(now: number, all = false): void {
    const over = this.entries.filter((entry) => all || now - entry.since > TOO_OLD);
    this.entries = this.entries.filter((entry) => !over.includes(entry));
    for (const entry of over) entry.answered(refusal(entry.id, 'not_sent', 'It could not be sent.'));
  }
}

function refusal(id: string, code: string, detail: string): Refused {
  return { type: 'refused', id, code, detail };
}
