/** The realtime socket: opened with a ticket, kept alive, opened again when it is lost. Knows no browser; see chat/connection.ts. */

import { Backoff } from './backoff';
import { offsetOf, type Sample } from './clock';
import type { CallFrame } from './call-frames';
import { parse, type Request, type RoomFrame, type Self, type ServerFrame, type Welcome } from './frames';
import { Outgoing, type Answered } from './outgoing';

export type SocketState =
  | { kind: 'connecting' }
  | { kind: 'online' }
  /** `again` is when the next attempt is made, by our own clock. */
  | { kind: 'offline'; again: number; why: string }
  | { kind: 'stopped'; why: 'not_started' | 'signed_out' | 'refused'; detail: string };

/** What a browser's WebSocket is to us. */
export interface Wire {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface Surroundings {
  open(url: string): Wire;
  /** `ticket` is empty for a stranger. A rejection may carry `retryAfter` in seconds. */
  ticket(): Promise<{ ticket: string; url: string }>;
  /** Milliseconds of a clock that never steps. */
  now(): number;
  /** Calls once; returns how to call it off. */
  later(milliseconds: number, call: () => void): () => void;
  random(): number;
  id(): string;
}

/** Somebody who is told of a room's or a call's frames, and of connections coming and going. A call's tenant is named by `callTenant`. */
export interface Tenant {
  readonly name: string;
  frame(frame: RoomFrame | CallFrame): void;
  online(): void;
  offline(): void;
}

/** The tenant's name of a call: calls and rooms may be called the same. */
export function callTenant(call: string): string {
  return `call ${call}`;
}

const VERSION = 1;
const OPENING_MS = 10_000;
const PONG_MS = 10_000;
/** The same where something says that the way may be gone. */
const DOUBTED_MS = 3_000;
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 30_000;
/** A connection that lasted so long was a good one: the next pause is short again. */
const GOOD_MS = 5_000;
const FLOOD_MS = 5_000;
const SAMPLES = 8;
/** Close codes after which the same would happen again. */
const FINAL: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 4004]);

export class RealtimeSocket {
  state: SocketState = { kind: 'stopped', why: 'not_started', detail: '' };
  account: Self | null = null;
  longestText = 500;

  private readonly outgoing = new Outgoing();
  private readonly tenants = new Set<Tenant>();
  private readonly listeners = new Set<(frame?: ServerFrame) => void>();
  private readonly backoff: Backoff;
  private wire: Wire | null = null;
  private attempt = 0;
  private onlineSince = 0;
  private bye: { code: number; retryMs: number; detail: string } | null = null;
  private samples: Sample[] = [];
  private sentAt = 0;
  private idle = 60;
  private cancelTimer: () => void = () => undefined;
  private cancelPing: () => void = () => undefined;
  private cancelFlush: () => void = () => undefined;

  constructor(private readonly around: Surroundings) {
    this.backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS, () => around.random());
  }

  /** The server's clock in Unix milliseconds, null until it is known. */
  serverNow(): number | null {
    const offset = offsetOf(this.samples);
    return offset === null ? null : this.around.now() + offset.offsetMs;
  }

  /** Tell of every change of state, and of mentions in other rooms. */
  listen(listener: (frame?: ServerFrame) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  enter(tenant: Tenant): void {
    this.tenants.add(tenant);
    if (this.state.kind === 'online') tenant.online();
  }

  leave(tenant: Tenant): void {
    this.tenants.delete(tenant);
  }

  start(): void {
    if (this.state.kind === 'stopped') this.connect();
  }

  /** Says good-bye; what was not sent never is. */
  stop(): void {
    this.drop(1000);
    this.outgoing.expire(this.around.now(), true);
    this.become({ kind: 'stopped', why: 'not_started', detail: '' });
  }

  /** Something outside says that now is a good moment: the network is back or another one, the page is looked at again. */
  nudge(): void {
    if (this.state.kind === 'offline') this.connect();
    else if (this.state.kind === 'online') this.ping(DOUBTED_MS);
  }

  newId(): string {
    return this.around.id();
  }

  /** Asks the server; the answer comes, if need be after reconnections. With an `id` of before it is the same request. */
  ask(request: Request, answered: Answered, id: string = this.around.id()): string {
    this.outgoing.add(id, request, answered, this.around.now());
    this.flush();
    return id;
  }

  withdraw(id: string): boolean {
    return this.outgoing.withdraw(id);
  }

  later(milliseconds: number, call: () => void): () => void {
    return this.around.later(milliseconds, call);
  }

  private connect(): void {
    this.cancelTimer();
    this.attempt += 1;
    const { attempt } = this;
    this.become({ kind: 'connecting' });
    this.cancelTimer = this.around.later(OPENING_MS, () => this.lost(attempt, 0, 'It took too long.'));
    this.around.ticket().then(
      ({ ticket, url }) => {
        if (attempt === this.attempt) this.open(attempt, url, ticket);
      },
      (error: unknown) => {
        const after = error !== null && typeof error === 'object' && 'retryAfter' in error ? Number(error.retryAfter) || 0 : 0;
        this.lost(attempt, 0, error instanceof Error ? error.message : '', after * 1000);
      },
    );
  }

  private open(attempt: number, url: string, ticket: string): void {
    const wire = this.around.open(url);
    this.wire = wire;
    wire.onopen = () => {
      if (attempt !== this.attempt) return;
      this.sentAt = this.around.now();
      wire.send(JSON.stringify({ type: 'hello', version: VERSION, client: 'fanlight-web', ...(ticket === '' ? {} : { ticket }) }));
    };
    wire.onmessage = (event) => {
      if (attempt === this.attempt) this.received(event.data);
    };
    wire.onclose = (event) => this.lost(attempt, event.code, event.reason);
  }

  private received(data: unknown): void {
    const frame = parse(data);
    if (frame === null) return;
    switch (frame.type) {
      case 'welcome':
        return this.welcomed(frame);
      case 'pong':
        this.sample(frame.now);
        return this.schedulePing();
      case 'bye':
        this.bye = { code: frame.code, retryMs: frame.retry_after * 1000, detail: frame.detail };
        return;
      case 'done':
      case 'joined':
      case 'history':
      case 'seated':
      case 'relays':
      case 'refused': {
        const pause = this.outgoing.settle(frame, this.around.now());
        if (pause !== null) {
          this.cancelFlush();
          this.cancelFlush = this.around.later(pause, () => this.flush());
        } else this.flush();
        return;
      }
      default: {
        const name = 'room' in frame ? frame.room : 'call' in frame && typeof frame.call === 'string' ? callTenant(frame.call) : '';
        for (const tenant of this.tenants) if (tenant.name === name) tenant.frame(frame);
        if (frame.type === 'mentioned') for (const listener of this.listeners) listener(frame);
      }
    }
  }

  private welcomed(frame: Welcome): void {
    this.cancelTimer();
    this.onlineSince = this.around.now();
    this.account = frame.account;
    this.longestText = frame.longest_text;
    this.idle = frame.idle;
    this.samples = [];
    this.sample(frame.now);
    this.become({ kind: 'online' });
    for (const tenant of [...this.tenants]) tenant.online();
    this.flush();
    this.schedulePing();
  }

  private sample(serverMs: number): void {
    this.samples = [...this.samples, { sentMs: this.sentAt, receivedMs: this.around.now(), serverMs }].slice(-SAMPLES);
  }

  private schedulePing(): void {
    this.cancelPing();
    this.cancelPing = this.around.later((this.idle * 1000) / 3, () => this.ping());
  }

  private ping(patience = PONG_MS): void {
    if (this.state.kind !== 'online') return;
    this.cancelPing();
    this.sentAt = this.around.now();
    const { attempt } = this;
    this.cancelPing = this.around.later(patience, () => this.lost(attempt, 0, 'The server fell silent.'));
    this.wire?.send('{"type":"ping"}');
  }

  private flush(): void {
    if (this.state.kind !== 'online' || this.wire === null) return;
    for (const text of this.outgoing.take(this.around.now())) this.wire.send(text);
  }

  /** A connection or an attempt is over. */
  private lost(attempt: number, closeCode: number, reason: string, retryMs = 0): void {
    if (attempt !== this.attempt) return;
    const { bye } = this;
    const code = bye?.code ?? closeCode;
    const detail = bye?.detail || reason;
    const now = this.around.now();
    const wasOnline = this.state.kind === 'online';
    if (wasOnline && now - this.onlineSince > GOOD_MS) this.backoff.reset();
    this.drop();
    if (code === 4003) return this.finish('signed_out', detail);
    if (FINAL.has(code)) return this.finish('refused', detail);
    this.outgoing.expire(now);
    const own = this.backoff.next();
    const pause = Math.max(bye && bye.retryMs > 0 ? bye.retryMs : own, retryMs, code === 4029 ? FLOOD_MS + own : 0);
    this.become({ kind: 'offline', again: now + pause, why: detail });
    this.cancelTimer = this.around.later(pause, () => this.connect());
  }

  private finish(why: 'signed_out' | 'refused', detail: string): void {
    this.outgoing.expire(this.around.now(), true);
    this.account = null;
    this.become({ kind: 'stopped', why, detail });
  }

  /** Lets go of the connection; whatever it still says is not heard. */
  private drop(code?: number): void {
    this.cancelTimer();
    this.cancelPing();
    this.cancelFlush();
    this.attempt += 1;
    this.bye = null;
    const { wire } = this;
    this.wire = null;
    if (wire !== null) {
      wire.onopen = wire.onmessage = wire.onclose = null;
      wire.close(code);
    }
    this.outgoing.disconnected();
    for (const tenant of [...this.tenants]) tenant.offline();
  }

  private become(state: SocketState): void {
    this.state = state;
    for (const listener of [...this.listeners]) listener();
  }
}
