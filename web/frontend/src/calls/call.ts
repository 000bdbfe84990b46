/** A call as this page sees it: entered, who sits in it, and signals between the seats. Resumed with its seat after a loss. Knows no browser. */

import { callTenant, type RealtimeSocket, type Tenant } from '../lib/socket';
import type { CallFrame, Candidate, CallRequest, Description, Knock, Order, Relays, Seat, Seated, Shown, Signal } from '../lib/call-frames';
import type { Refused, RoomFrame } from '../lib/frames';
import { PASSING } from '../lib/outgoing';

export type Phase =
  | { kind: 'ready' }
  | { kind: 'entering' }
  /** In the lobby: somebody in the call decides. */
  | { kind: 'knocking' }
  | { kind: 'in' }
  /** Not let in; `code` says why. */
  | { kind: 'refused'; code: string; detail: string }
  /** It was ended, or we were put out. */
  | { kind: 'over'; code: string; detail: string }
  | { kind: 'left' };

export interface Said {
  seat: string;
  name: string;
  text: string;
  at: number;
}

/** What the one who holds the connections does. */
export interface Connections {
  /** Somebody is there. `offer` is whether we are the one who came later. */
  came(seat: Seat, offer: boolean): void;
  changed(seat: Seat, before: Seat): void;
  gone(seat: string, name: string): void;
  signalled(from: string, signal: { description?: Description; candidate?: Candidate | null }): void;
  relays(relays: Relays): void;
  /** Signals get through again, or no longer. */
  reaches(reachable: boolean): void;
  asked(order: 'mute' | 'lower_hand', by: string): void;
  over(): void;
}

/** Where the seat is kept while the page is loaded anew. */
export interface Kept {
  read(): { seat: string; secret: string } | null;
  write(seat: { seat: string; secret: string } | null): void;
}

/** Signals under way at a time; the server answers each, and counts how many a second there are. */
const UNDER_WAY = 12;
const SIGNALS = 400;
const AGAIN_MS = 1000;
/** What was said in the call, kept on this page alone. */
const SAID = 300;
/** Relays are asked for again when this part of their time is over. */
const RENEW_SHARE = 0.8;
const SHORTEST_RENEW_MS = 30_000;
/** Our seat is not there any more: it was away for too long. */
const GONE: ReadonlySet<string> = new Set(['seat_unknown']);

export class Call implements Tenant {
  readonly name: string;
  phase: Phase = { kind: 'ready' };
  title = '';
  you = '';
  locked = false;
  lobby = false;
  limit = 8;
  mayDirect = false;
  relays: Relays | null = null;
  said: readonly Said[] = [];
  /** Nobody saw these yet. */
  unread = 0;
  /** The server hears us at this moment. */
  reachable = false;

  private readonly found = new Map<string, Seat>();
  private readonly waiting = new Map<string, Knock>();
  private kept: { seat: string; secret: string } | null;
  private wanted = false;
  private asking = false;
  private guest = '';
  private signals: { to: string; signal: Signal }[] = [];
  private underWay = 0;
  private shown: Shown = { camera: false, microphone: false, screen: false, hand: false, quality: '' };
  private shownStale = false;
  private showing = false;
  private cancelRenew: () => void = () => undefined;
  private cancelAgain: () => void = () => undefined;

  constructor(
    readonly call: string,
    /** The invite's secret, or empty. */
    private readonly invite: string,
    private readonly socket: RealtimeSocket,
    private readonly connections: Connections,
    private readonly keeping: Kept,
    private readonly tell: () => void,
  ) {
    this.name = callTenant(call);
    this.kept = keeping.read();
  }

  get seats(): readonly Seat[] {
    return [...this.found.values()].sort((one, other) => one.since - other.since || (one.seat < other.seat ? -1 : 1));
  }

  get knocks(): readonly Knock[] {
    return [...this.waiting.values()];
  }

  seat(seat: string): Seat | undefined {
    return this.found.get(seat);
  }

  get me(): Seat | undefined {
    return this.found.get(this.you);
  }

  /** A seat of before this page was loaded. */
  get hasSeat(): boolean {
    return this.kept !== null;
  }

  // ---- what we want ----

  /** `guest` is the name of who is not signed in. */
  enter(guest = ''): void {
    this.guest = guest;
    this.wanted = true;
    this.become({ kind: 'entering' });
    this.socket.enter(this);
    this.socket.start();
  }

  exit(quality: Record<string, number> | null): void {
    if (this.phase.kind === 'in' || this.phase.kind === 'knocking') this.request({ type: 'exit', call: this.call, ...(quality === null ? {} : { quality }) });
    this.finish({ kind: 'left' });
  }

  end(refused: (why: Refused) => void): void {
    this.request({ type: 'end_call', call: this.call }, refused);
  }

  signal(to: string, signal: Signal): void {
    if (this.signals.length < SIGNALS) this.signals.push({ to, signal });
    this.flush();
  }

  show(shown: Shown): void {
    this.shown = shown;
    this.shownStale = true;
    // Ours is known before the server says so.
    const me = this.found.get(this.you);
    if (me !== undefined) this.found.set(this.you, { ...me, ...shown });
    this.flushShown();
  }

  say(text: string, refused: (why: Refused) => void): void {
    this.request({ type: 'say', call: this.call, text }, refused);
  }

  read(): void {
    if (this.unread === 0) return;
    this.unread = 0;
    this.tell();
  }

  admit(knock: string, admit: boolean, refused: (why: Refused) => void): void {
    this.waiting.delete(knock);
    this.request({ type: 'admit', call: this.call, knock, admit }, refused);
    this.tell();
  }

  direct(seat: string, order: Order, refused: (why: Refused) => void): void {
    this.request({ type: 'direct', call: this.call, seat, order }, refused);
  }

  lock(locked: boolean, refused: (why: Refused) => void): void {
    this.request({ type: 'lock', call: this.call, locked }, refused);
  }

  // ---- what the socket says ----

  /** The seat is taken, or taken up again. */
  online(): void {
    this.ask();
  }

  /** What is connected stays so: media do not need the server. */
  offline(): void {
    this.reachable = false;
    this.asking = false;
    // What was under way is answered as lost; both sides make their open offers again when they are back.
    this.signals = [];
    this.connections.reaches(false);
    this.tell();
  }

  frame(frame: RoomFrame | CallFrame): void {
    switch (frame.type) {
      case 'knocking':
        this.become({ kind: 'knocking' });
        return;
      case 'seat':
        this.seated(frame.seat);
        break;
      case 'seat_left':
        this.remove(frame.seat);
        break;
      case 'signalled':
        if (this.found.has(frame.from)) this.connections.signalled(frame.from, frame);
        return;
      case 'knocked':
        this.waiting.set(frame.knock.id, frame.knock);
        break;
      case 'knock_over':
        this.waiting.delete(frame.knock);
        break;
      case 'asked':
        this.connections.asked(frame.order, frame.by);
        break;
      case 'said':
        this.said = [...this.said, { seat: frame.seat, name: frame.name, text: frame.text, at: frame.at }].slice(-SAID);
        if (frame.seat !== this.you) this.unread += 1;
        break;
      case 'call':
        this.title = frame.title;
        this.locked = frame.locked;
        this.lobby = frame.lobby;
        break;
      case 'call_over':
        this.finish({ kind: 'over', code: frame.code, detail: frame.detail });
        return;
      default:
        return;
    }
    this.tell();
  }

  // ---- entering ----

  private ask(): void {
    if (this.asking || !this.wanted) return;
    this.cancelAgain();
    this.asking = true;
    const { kept } = this;
    const who = kept === null ? {} : kept;
    this.socket.ask({ type: 'enter', call: this.call, ...(this.invite === '' ? {} : { invite: this.invite }), ...(this.guest === '' ? {} : { name: this.guest }), ...who }, (answer) => {
      this.asking = false;
      if (!this.wanted) return;
      if (answer.type === 'seated') this.entered(answer);
      else if (answer.type === 'refused') this.notEntered(answer, kept !== null);
    });
  }

  private entered(frame: Seated): void {
    const again = this.phase.kind === 'in' && this.you === frame.you;
    if (!again) for (const seat of [...this.found.keys()]) this.remove(seat);
    this.you = frame.you;
    this.kept = { seat: frame.you, secret: frame.secret };
    this.keeping.write(this.kept);
    this.title = frame.title;
    this.locked = frame.locked;
    this.lobby = frame.lobby;
    this.limit = frame.limit;
    this.mayDirect = frame.may_direct;
    this.waiting.clear();
    for (const knock of frame.knocks) this.waiting.set(knock.id, knock);
    this.phase = { kind: 'in' };
    this.reachable = true;
    this.gotRelays(frame.relays);
    const present = new Set(frame.seats.map((seat) => seat.seat));
    for (const seat of [...this.found.keys()]) if (!present.has(seat)) this.remove(seat);
    for (const seat of frame.seats) {
      if (this.found.has(seat.seat)) this.seated(seat);
      else {
        this.found.set(seat.seat, seat);
        // Who is there was there before us, so that we offer; who is away for a moment offers when they are back.
        if (seat.seat !== this.you) this.connections.came(seat, seat.present);
      }
    }
    this.connections.reaches(true);
    this.shownStale = true;
    this.show(this.shown);
    this.flush();
    this.tell();
  }

  private notEntered(frame: Refused, withSeat: boolean): void {
    if (frame.code === 'offline') return;
    if (PASSING.has(frame.code)) {
      this.cancelAgain = this.socket.later(Math.max(AGAIN_MS, (frame.retry_after ?? 0) * 1000), () => this.ask());
      return;
    }
    if (withSeat && GONE.has(frame.code)) {
      // As somebody new, then.
      this.forget();
      this.ask();
      return;
    }
    this.finish({ kind: 'refused', code: frame.code, detail: frame.detail });
  }

  private forget(): void {
    this.kept = null;
    this.keeping.write(null);
    for (const seat of [...this.found.keys()]) this.remove(seat);
  }

  private finish(phase: Phase): void {
    this.wanted = false;
    this.phase = phase;
    this.cancelRenew();
    this.cancelAgain();
    this.socket.leave(this);
    this.forget();
    this.signals = [];
    this.waiting.clear();
    this.connections.over();
    this.tell();
  }

  private seated(seat: Seat): void {
    const before = this.found.get(seat.seat);
    const mine = seat.seat === this.you;
    // What we show is ours to say.
    this.found.set(seat.seat, mine ? { ...seat, ...this.shown } : seat);
    if (mine) {
      this.mayDirect = seat.role !== 'person';
      return;
    }
    if (before === undefined) this.connections.came(seat, false);
    else this.connections.changed(seat, before);
  }

  private remove(seat: string): void {
    const known = this.found.get(seat);
    if (known === undefined) return;
    this.found.delete(seat);
    this.signals = this.signals.filter((one) => one.to !== seat);
    if (seat !== this.you) this.connections.gone(seat, known.name);
  }

  // ---- what goes out ----

  private flush(): void {
    if (this.phase.kind !== 'in' || !this.reachable) return;
    while (this.underWay < UNDER_WAY) {
      const next = this.signals.shift();
      if (next === undefined) return;
      this.underWay += 1;
      this.socket.ask({ type: 'signal', call: this.call, to: next.to, ...next.signal }, (answer) => {
        this.underWay -= 1;
        if (answer.type === 'refused' && PASSING.has(answer.code) && this.found.has(next.to)) {
          this.signals.unshift(next);
          this.cancelAgain();
          this.cancelAgain = this.socket.later(Math.max(AGAIN_MS / 4, (answer.retry_after ?? 0) * 1000), () => this.flush());
          return;
        }
        this.flush();
      });
    }
  }

  private flushShown(): void {
    if (this.phase.kind !== 'in' || !this.reachable || this.showing || !this.shownStale) return;
    this.showing = true;
    this.shownStale = false;
    this.socket.ask({ type: 'show', call: this.call, ...this.shown }, (answer) => {
      this.showing = false;
      if (answer.type === 'refused' && PASSING.has(answer.code)) {
        this.shownStale = true;
        this.socket.later(Math.max(AGAIN_MS, (answer.retry_after ?? 0) * 1000), () => this.flushShown());
      } else this.flushShown();
    });
  }

  private gotRelays(relays: Relays): void {
    this.relays = relays;
    this.connections.relays(relays);
    this.cancelRenew();
    const now = this.socket.serverNow();
    if (now === null || relays.expires <= 0) return;
    this.cancelRenew = this.socket.later(Math.max(SHORTEST_RENEW_MS, (relays.expires - now) * RENEW_SHARE), () => this.renew());
  }

  private renew(): void {
    this.socket.ask({ type: 'renew', call: this.call }, (answer) => {
      if (answer.type === 'relays') this.gotRelays(answer.relays);
      else if (this.phase.kind === 'in') this.cancelRenew = this.socket.later(SHORTEST_RENEW_MS, () => this.renew());
    });
  }

  private request(request: CallRequest, refused: (why: Refused) => void = () => undefined): void {
    this.socket.ask(request, (answer) => {
      if (answer.type === 'refused') refused(answer);
      this.tell();
    });
  }

  private become(phase: Phase): void {
    this.phase = phase;
    this.tell();
  }
}
