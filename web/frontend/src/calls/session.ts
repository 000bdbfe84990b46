/** One call on this page: its seats, a connection to each of the others, our devices, and what is measured meanwhile. */

import { networkOf, realtime } from '../chat/connection';
import type { Quality, Relays, Seat } from '../lib/call-frames';
import { forget, recall, remember } from '../lib/storage';
import { Call, type Connections } from './call';
import { Devices } from './devices';
import { Peer } from './peer';
import { measure, own, Steady, Summary, type Look, type Measure } from './quality';
import { sendingSizes, type Wish } from './sizes';
import { Speakers } from './speaker';
import { Uplink } from './uplink';

const TICK_MS = 1_000;
const LOOK_EVERY = 2;
const LEVELS_MS = 150;
/** Between words a speaker is still one. */
const PAUSE_MS = 300;
/** With more others than these the connections are looked at half as often. */
const FEW = 3;
/** Of a microphone's peak meter: what counts as speech. */
const OWN_SPEECH = 0.55;

/** What the page is told once, in words, beside what it sees. */
export type Notice =
  | { what: 'came' | 'gone' | 'lost' | 'back' | 'hand' | 'knock' | 'muted' | 'hand_lowered'; name: string }
  | { what: 'pictures_again' | 'screen' | 'no_server' | 'server_again'; name: string };

interface Beside {
  peer: Peer;
  before: Look | null;
  steady: Steady;
  measure: Measure | null;
}

export class CallSession implements Connections {
  readonly call: Call;
  readonly devices: Devices;
  readonly speakers = new Speakers();
  readonly uplink = new Uplink();
  hand = false;
  /** Since when we are in it, by performance.now(); 0 outside. */
  since = 0;

  private readonly beside = new Map<string, Beside>();
  private readonly wishes = new Map<string, Wish>();
  private readonly summary = new Summary();
  private relaysNow: Relays = { ice_servers: [], relay_only: false, expires: 0 };
  private reachable = true;
  private ownQuality: Quality = '';
  private ticks = 0;
  private spokeAt = -Infinity;
  private timers: number[] = [];
  private told = '';

  constructor(
    name: string,
    invite: string,
    private readonly draw: () => void,
    private readonly notice: (notice: Notice) => void,
  ) {
    this.devices = new Devices(() => this.onDevices());
    const key = `call.${name}`;
    this.call = new Call(name, invite, realtime(), this, { read: () => keptOf(recall(key, 'session')), write: (found) => (found === null ? forget(key, 'session') : remember(key, JSON.stringify(found), 'session')) }, () => this.onCall());
  }

  start(): void {
    this.timers = [window.setInterval(() => this.tick(), TICK_MS), window.setInterval(() => this.levels(), LEVELS_MS)];
    window.addEventListener('online', this.onNetwork);
    networkOf()?.addEventListener('change', this.onNetwork);
  }

  stop(): void {
    for (const timer of this.timers) window.clearInterval(timer);
    window.removeEventListener('online', this.onNetwork);
    networkOf()?.removeEventListener('change', this.onNetwork);
    this.devices.stop();
  }

  leave(): void {
    this.call.exit(this.summary.numbers);
  }

  peer(seat: string): Peer | null {
    return this.beside.get(seat)?.peer ?? null;
  }

  peers(): readonly Peer[] {
    return [...this.beside.values()].map(({ peer }) => peer);
  }

  /** How good the connection with somebody is; of oneself, what the others are told. */
  qualityOf(seat: string): Quality {
    return seat === this.call.you ? this.ownQuality : (this.beside.get(seat)?.steady.mark ?? '');
  }

  measureOf(seat: string): Measure | null {
    return this.beside.get(seat)?.measure ?? null;
  }

  /** How large somebody is shown here, in device pixels. */
  wish(seat: string, wish: Wish): void {
    this.wishes.set(seat, wish);
    this.beside.get(seat)?.peer.wish(document.hidden ? { camera: 0, screen: 0 } : wish);
  }

  /** The page is looked at, or not: pictures nobody sees are not sent. */
  seen(): void {
    for (const [seat, wish] of this.wishes) this.wish(seat, wish);
  }

  raiseHand(up: boolean): void {
    this.hand = up;
    this.show();
    this.draw();
  }

  insistOnPictures(): void {
    this.uplink.insist(performance.now());
    this.encode();
    this.draw();
  }

  // ---- what the call says ----

  came(seat: Seat, offer: boolean): void {
    const host = {
      others: () => this.beside.size,
      send: (signal: Parameters<Call['signal']>[1]) => this.call.signal(seat.seat, signal),
      changed: () => this.draw(),
      wished: () => this.encode(),
      // Whoever changes the network loses everybody, and the server too, which says nothing: the socket only waits.
      lost: () => realtime().nudge(),
    };
    // Polite is who sorts first.
    const peer = new Peer(seat.seat, this.call.you < seat.seat, seat.account === '', this.relaysNow, host);
    this.beside.set(seat.seat, { peer, before: null, steady: new Steady(), measure: null });
    peer.send(this.devices.tracks);
    peer.wish(this.wishes.get(seat.seat) ?? { camera: 0, screen: 0 });
    peer.watch.reaches(this.reachable && seat.present, performance.now());
    if (offer) void peer.negotiation.begin();
    else if (seat.present) this.notice({ what: 'came', name: seat.name });
    this.encode();
  }

  changed(seat: Seat, before: Seat): void {
    const peer = this.peer(seat.seat);
    if (seat.present !== before.present) {
      peer?.watch.reaches(this.reachable && seat.present, performance.now());
      if (seat.present) void peer?.negotiation.resume();
      this.notice({ what: seat.present ? 'back' : 'lost', name: seat.name });
    }
    if (seat.hand && !before.hand) this.notice({ what: 'hand', name: seat.name });
    if (seat.screen && !before.screen) this.notice({ what: 'screen', name: seat.name });
  }

  gone(seat: string, name: string): void {
    if (this.call.phase.kind === 'in') this.notice({ what: 'gone', name });
    this.beside.get(seat)?.peer.close();
    this.beside.delete(seat);
    this.wishes.delete(seat);
    this.encode();
  }

  signalled(from: string, signal: Parameters<Connections['signalled']>[1]): void {
    void this.peer(from)?.negotiation.take(signal);
  }

  relays(relays: Relays): void {
    this.relaysNow = relays;
    for (const peer of this.peers()) peer.useRelays(relays);
  }

  reaches(reachable: boolean): void {
    const back = reachable && !this.reachable;
    if (reachable !== this.reachable && this.call.phase.kind === 'in') this.notice({ what: reachable ? 'server_again' : 'no_server', name: '' });
    this.reachable = reachable;
    for (const { peer } of this.beside.values()) {
      peer.watch.reaches(reachable && (this.call.seat(peer.seat)?.present ?? false), performance.now());
      if (back) void peer.negotiation.resume();
    }
  }

  asked(order: 'mute' | 'lower_hand', by: string): void {
    const name = this.call.seat(by)?.name ?? '';
    if (order === 'mute') this.devices.mute(true);
    else this.raiseHand(false);
    this.notice({ what: order === 'mute' ? 'muted' : 'hand_lowered', name });
  }

  over(): void {
    for (const { peer } of this.beside.values()) peer.close();
    this.beside.clear();
    this.wishes.clear();
    this.since = 0;
  }

  // ---- what happens here ----

  private onCall(): void {
    if (this.call.phase.kind === 'in' && this.since === 0) {
      this.since = performance.now();
      this.show();
    }
    this.draw();
  }

  private onDevices(): void {
    for (const peer of this.peers()) peer.send(this.devices.tracks);
    this.encode();
    this.show();
    this.draw();
  }

  private show(): void {
    const { devices } = this;
    const shown = { camera: devices.camera !== null && !this.uplink.audioOnly, microphone: devices.open, screen: devices.screen !== null && !this.uplink.audioOnly, hand: this.hand, quality: this.ownQuality };
    const text = JSON.stringify(shown);
    if (this.call.phase.kind !== 'in' || text === this.told) return;
    this.told = text;
    this.call.show(shown);
  }

  private encode(): void {
    const peers = this.peers();
    const settings = this.devices.camera?.getSettings();
    const sizes = sendingSizes(
      peers.map((peer) => peer.theirWish),
      { camera: settings === undefined ? 0 : (settings.height ?? this.devices.height), screen: this.devices.screen === null ? 0 : (this.devices.screen.getSettings().height ?? 1080), uplink: this.available(), audioOnly: this.uplink.audioOnly },
    );
    peers.forEach((peer, index) => {
      const size = sizes[index];
      if (size !== undefined) peer.size(size);
    });
  }

  /** What all connections together believe to carry; each knows only its own part. */
  private available(): number | null {
    const known = [...this.beside.values()].map(({ before }) => before?.available ?? 0).filter((bits) => bits > 0);
    if (known.length === 0 || known.length < this.beside.size) return null;
    return known.reduce((sum, bits) => sum + bits, 0);
  }

  private tick(): void {
    const now = performance.now();
    for (const { peer } of this.beside.values()) peer.tick(now);
    this.ticks += 1;
    if (this.call.phase.kind !== 'in') return;
    // One at a time: whoever comes in is connected at the same time.
    this.peers().some((peer) => peer.spare());
    if (this.ticks % (this.beside.size > FEW ? 2 * LOOK_EVERY : LOOK_EVERY) === 0) void this.look();
    else this.draw();
  }

  private async look(): Promise<void> {
    await Promise.all([...this.beside.values()].map((one) => this.lookAt(one)));
    const marks = [...this.beside.values()].map(({ steady }) => steady.mark);
    this.ownQuality = own(marks);
    const lost = [...this.beside.values()].map(({ before }) => before?.lostUp ?? 0);
    const pictures = this.devices.camera !== null || this.devices.screen !== null;
    const changed = this.uplink.take({ at: performance.now(), available: this.available(), lost: lost.length === 0 ? 0 : Math.min(...lost), others: this.beside.size, pictures });
    // That there are none is shown as long as it lasts.
    if (changed && !this.uplink.audioOnly) this.notice({ what: 'pictures_again', name: '' });
    this.encode();
    this.show();
    this.draw();
  }

  private async lookAt(one: Beside): Promise<void> {
    const look = await one.peer.look();
    if (look === null) return;
    one.measure = one.before === null ? null : measure(one.before, look);
    one.before = look;
    if (one.measure === null) return;
    this.summary.take(one.measure);
    one.steady.take(one.measure.quality);
  }

  private levels(): void {
    if (this.call.phase.kind !== 'in') return;
    const now = performance.now();
    if (this.devices.level() > OWN_SPEECH) this.spokeAt = now;
    const speaks = now - this.spokeAt <= PAUSE_MS;
    const speaking = new Map([[this.call.you, speaks]]);
    for (const peer of this.peers()) {
      peer.speak(speaks);
      speaking.set(peer.seat, peer.theySpeak && (this.call.seat(peer.seat)?.microphone ?? false));
    }
    if (this.speakers.take(speaking, now)) this.draw();
  }

  private readonly onNetwork = (): void => {
    for (const { peer } of this.beside.values()) peer.help(peer.watch.networkChanged(performance.now()));
  };
}

function keptOf(text: string | null): { seat: string; secret: string } | null {
  try {
    const found: unknown = JSON.parse(text ?? '');
    return found !== null && typeof found === 'object' && 'seat' in found && 'secret' in found ? { seat: String(found.seat), secret: String(found.secret) } : null;
  } catch {
    return null;
  }
}
