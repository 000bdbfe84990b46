/** A server for the tests of the socket: what it was sent, and what it says, by hand and by a clock that only moves when told. */

import type { Joined, Message, RoomEvent } from '../src/lib/frames';
import { RealtimeSocket, type Surroundings, type Wire } from '../src/lib/socket';

type Frame = Record<string, unknown>;

export class FakeWire implements Wire {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: Frame[] = [];
  closed: number | null | undefined = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Frame);
  }

  close(code?: number): void {
    this.closed = code;
  }

  says(frame: Frame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  dies(code = 1006): void {
    this.onclose?.({ code, reason: '' });
  }

  of(type: string): Frame[] {
    return this.sent.filter((frame) => frame['type'] === type);
  }
}

export class World {
  clock = 1000;
  readonly wires: FakeWire[] = [];
  tickets = 0;
  ticketFails: unknown = null;
  private timers: { at: number; call: () => void }[] = [];
  private ids = 0;
  readonly socket: RealtimeSocket;

  constructor() {
    const around: Surroundings = {
      open: () => {
        const wire = new FakeWire();
        this.wires.push(wire);
        return wire;
      },
      ticket: () => {
        this.tickets += 1;
        return this.ticketFails === null ? Promise.resolve({ ticket: `ticket-${this.tickets}`, url: 'ws://here/ws' }) : Promise.reject(this.ticketFails);
      },
      now: () => this.clock,
      later: (milliseconds, call) => {
        const timer = { at: this.clock + milliseconds, call };
        this.timers.push(timer);
        return () => {
          this.timers = this.timers.filter((one) => one !== timer);
        };
      },
      random: () => 0.5,
      id: () => `c-${(this.ids += 1)}`,
    };
    this.socket = new RealtimeSocket(around);
  }

  get wire(): FakeWire {
    const last = this.wires.at(-1);
    if (last === undefined) throw new Error('no connection was opened');
    return last;
  }

  /** Time passes, timers go off in order, promises are kept. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.clock + milliseconds;
    await settled();
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= end).sort((one, other) => one.at - other.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.clock = Math.max(this.clock, next.at);
      next.call();
      await settled();
    }
    this.clock = end;
  }

  /** A connection as far as `welcome`. */
  async opened(): Promise<FakeWire> {
    this.socket.start();
    await settled();
    const { wire } = this;
    this.welcome(wire);
    return wire;
  }

  welcome(wire: FakeWire): void {
    wire.onopen?.();
    wire.says({ type: 'welcome', version: 1, now: 1_764_170_000_000, account: { name: 'ada', shown: 'Ada', colour: '#e0a458' }, idle: 60, longest_text: 500 });
  }

  /** After a loss: the next connection, welcomed. */
  async reopened(): Promise<FakeWire> {
    const before = this.wires.length;
    for (let i = 0; i < 600 && this.wires.length === before; i += 1) await this.pass(100);
    if (this.wires.length === before) throw new Error('it did not come back');
    const { wire } = this;
    this.welcome(wire);
    return wire;
  }
}

export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
}

export function message(id: string, text = id, name = 'grace'): Message {
  return { id, at: 1_764_170_000_000, author: { name, shown: name, colour: '#7fb069' }, text };
}

export function posted(id: string, text = id, name = 'grace'): RoomEvent {
  return { kind: 'message', message: message(id, text, name) };
}

export function joined(id: unknown, fields: Partial<Joined> = {}): Frame {
  return {
    type: 'joined',
    id,
    room: 'main',
    epoch: 'e1',
    seq: 10,
    resumed: false,
    missed: false,
    you: { may: ['write'], badges: [], muted_until: 0, muted_for: '', warning: '', refused: '' },
    modes: { slow_seconds: 0, followers_minutes: null, verified_only: false, emote_only: false, unique: false, members_only: false, read_only: false, delay_seconds: 0, account_age_minutes: 0, links: 'everybody' },
    shield: false,
    pinned: null,
    poll: null,
    present: { accounts: 1, strangers: 0, names: ['ada'] },
    messages: [],
    earlier: false,
    live: true,
    notices: false,
    previews: false,
    mine: {},
    voted: null,
    ...fields,
  };
}

export function events(after: number, seq: number, list: RoomEvent[]): Frame {
  return { type: 'events', room: 'main', after, seq, events: list };
}
