/** The connection with one of the others: tracks each way in fixed places, and what each tells the other beside them. */

import type { Candidate, Relays, Signal } from '../lib/call-frames';
import { Negotiation } from './negotiation';
import { ALWAYS, MEDIA, PLACES, type Place, type Tracks } from './places';
import { prefer } from './codecs';
import { BrowserConnection } from './connection';
import { MANY } from './sparing';
import { SOUND, type Encoding, type Wish } from './sizes';
import { cameAt } from './sources';
import { lookAt } from './statistics';
import { toldOf, type Told } from './told';
import type { Look } from './quality';
import { Watch, type Help } from './watch';

export interface PeerHost {
  /** How many there are beside us. */
  others(): number;
  send(signal: Signal): void;
  /** Something changed that is shown. */
  changed(): void;
  wished(): void;
  /** What was connected is so no more. */
  lost(): void;
}

export class Peer {
  readonly negotiation: Negotiation<BrowserConnection>;
  readonly watch: Watch;
  /** What the other sends, by place; null until there is a connection. */
  received: Partial<Record<Place, MediaStreamTrack>> = {};
  state = 'new';
  /** What the other wishes of our pictures; all of it until they say. */
  theirWish: Wish = { camera: 360, screen: 1080 };
  theySpeak = false;
  /** Milliseconds from its beginning until it was connected, null before. */
  connectedAfter: number | null = null;

  private readonly began = performance.now();
  private ourWish: Wish = { camera: 0, screen: 0 };
  private speaks = false;
  private encodings: { camera: Encoding; screen: Encoding } | null = null;
  /** What each sender was told. */
  private readonly encoded = new WeakMap<RTCRtpSender, Encoding>();
  private tracks: Tracks = { microphone: null, camera: null, screen: null, sound: null };

  constructor(
    readonly seat: string,
    readonly polite: boolean,
    private readonly guest: boolean,
    private relays: Relays,
    private readonly host: PeerHost,
  ) {
    this.watch = new Watch(polite, this.began);
    this.negotiation = new Negotiation(polite, {
      open: () => this.open(),
      offering: (connection) => this.offering(connection),
      answering: (connection) => this.answering(connection),
      send: (signal) => host.send(signal),
    });
  }

  get raw(): RTCPeerConnection | null {
    return this.negotiation.connection?.raw ?? null;
  }

  /** Once a second. Somebody without a microphone is known by their pictures. */
  tick(now: number): void {
    // Each question waits for the thread that sends and receives: only relays die.
    const [microphone, camera] = this.watch.connected && this.hidden ? (this.negotiation.connection?.transceivers ?? []) : [];
    const help = this.watch.tick(now, cameAt(microphone?.receiver, camera?.receiver));
    if (this.watch.connected && help !== null) this.host.lost();
    this.help(help);
  }

  help(help: Help | null): void {
    if (help === 'restart') void this.negotiation.restart();
    else if (help === 'begin') void this.negotiation.begin();
  }

  /** Other relays from the next restart on. */
  useRelays(relays: Relays): void {
    this.relays = relays;
    this.raw?.setConfiguration(this.configuration());
  }

  /** Send these from now on: tracks are exchanged in their places, and nothing is negotiated but a screen that is shared for the first time. */
  send(tracks: Tracks): void {
    this.tracks = tracks;
    const { connection } = this.negotiation;
    if (connection === null) return;
    PLACES.forEach((place, index) => {
      const transceiver = connection.transceivers[index];
      if (transceiver === undefined || transceiver.sender.track === tracks[place]) return;
      void transceiver.sender.replaceTrack(tracks[place]).then(() => this.encode()).catch(() => undefined);
    });
    if (connection.stale) void this.negotiation.renegotiate();
  }

  /** The call grew: what was agreed on when it was small is agreed on again, by the one of two who need not yield. Whether that was needed. */
  spare(): boolean {
    const { connection } = this.negotiation;
    if (this.polite || connection === null || this.state !== 'connected' || connection.spared || this.host.others() < MANY) return false;
    void this.negotiation.renegotiate();
    return true;
  }

  size(encodings: { camera: Encoding; screen: Encoding }): void {
    this.encodings = encodings;
    this.encode();
  }

  wish(wish: Wish): void {
    if (wish.camera === this.ourWish.camera && wish.screen === this.ourWish.screen) return;
    this.ourWish = wish;
    this.say(wish);
  }

  async look(): Promise<Look | null> {
    const { raw } = this;
    if (raw === null || raw.connectionState !== 'connected') return null;
    const report = await raw.getStats().catch(() => null);
    return report === null ? null : lookAt(report.values() as Iterable<Record<string, unknown> & { type: string }>, performance.now());
  }

  /** Whether we speak. To ask the browser how loud each of the others is waits for the thread that sends and receives, many times a second. */
  speak(speaks: boolean): void {
    if (speaks === this.speaks) return;
    this.speaks = speaks;
    this.say({ speaks });
  }

  close(): void {
    this.negotiation.close();
    this.received = {};
  }

  private configuration(): RTCConfiguration {
    return { iceServers: this.relays.ice_servers, iceTransportPolicy: this.hidden ? 'relay' : 'all', bundlePolicy: 'max-bundle' };
  }

  /** Neither side learns the other's address. */
  private get hidden(): boolean {
    return this.relays.relay_only || (this.guest && this.relays.relay_to_guests === true);
  }

  private open(): BrowserConnection {
    const raw = new RTCPeerConnection(this.configuration());
    const shares = (): boolean => this.tracks.screen !== null;
    const connection = new BrowserConnection(raw, () => this.host.others(), shares);
    this.state = 'new';
    raw.onicecandidate = ({ candidate }) => this.negotiation.gathered(connection, candidate === null ? null : plain(candidate));
    raw.onconnectionstatechange = () => {
      if (this.raw !== raw) return;
      this.state = raw.connectionState;
      const lost = this.watch.connected && (this.state === 'disconnected' || this.state === 'failed');
      if (this.state === 'connected') this.connectedAfter ??= performance.now() - this.began;
      this.help(this.watch.changed(this.state, performance.now()));
      if (lost) this.host.lost();
      // Whoever answered has parameters only now.
      this.encode();
      this.host.changed();
    };
    raw.onsignalingstatechange = () => {
      if (raw.signalingState === 'stable') this.encode();
    };
    connection.beside.onopen = () => {
      this.say(this.ourWish);
      if (this.speaks) this.say({ speaks: true });
    };
    connection.beside.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (this.raw === raw) this.told(data);
    };
    this.theySpeak = false;
    this.received = {};
    this.watch.changed('new', performance.now());
    this.host.changed();
    return connection;
  }

  /** Our offer has the places that are always there, and those of a screen where one is shared. */
  private offering(connection: BrowserConnection): void {
    const { transceivers, raw } = connection;
    for (const place of PLACES.slice(transceivers.length, connection.stale ? PLACES.length : Math.max(ALWAYS, transceivers.length))) {
      const pictures = place === 'camera' || place === 'screen';
      const first = pictures ? this.encodings?.[place] : undefined;
      const transceiver = raw.addTransceiver(this.tracks[place] ?? MEDIA[place], { direction: 'sendrecv', sendEncodings: [first ?? { maxBitrate: pictures ? 500_000 : SOUND }] });
      prefer(transceiver);
      if (first !== undefined) this.encoded.set(transceiver.sender, first);
      transceivers.push(transceiver);
    }
    this.hear(connection);
  }

  /** The other's offer made the places; ours go into them. */
  private async answering(connection: BrowserConnection): Promise<void> {
    const found = connection.raw.getTransceivers();
    const placed = found.filter(({ mid }) => mid !== null).slice(0, PLACES.length);
    if (placed.length < ALWAYS || placed.some((one, index) => one.receiver.track.kind !== MEDIA[PLACES[index] ?? 'microphone'])) throw new Error('The offer has other places than ours.');
    // Both shared a screen at once, and ours gave way.
    for (const one of found) if (one.mid === null) one.stop();
    const known = connection.transceivers.splice(0, Infinity, ...placed);
    await Promise.all(
      placed.map((transceiver, index) => {
        if (known[index] === transceiver) return undefined;
        transceiver.direction = 'sendrecv';
        prefer(transceiver);
        return transceiver.sender.replaceTrack(this.tracks[PLACES[index] ?? 'microphone']);
      }),
    );
    this.hear(connection);
    this.encode();
    if (connection.restarted) this.watch.restartedByThem(performance.now());
  }

  private hear(connection: BrowserConnection): void {
    this.received = Object.fromEntries(PLACES.map((place, index) => [place, connection.transceivers[index]?.receiver.track]));
    this.host.changed();
  }

  private encode(): void {
    const { encodings } = this;
    const { connection } = this.negotiation;
    if (encodings === null || connection === null) return;
    for (const place of ['camera', 'screen'] as const) {
      const sender = connection.transceivers[PLACES.indexOf(place)]?.sender;
      if (sender === undefined) continue;
      const wanted = encodings[place];
      const same = (one: Partial<Encoding> | undefined): boolean => one !== undefined && (Object.keys(wanted) as (keyof Encoding)[]).every((name) => one[name] === wanted[name]);
      // To read what a sender has waits for the thread that sends.
      if (same(this.encoded.get(sender))) continue;
      const parameters = sender.getParameters();
      const first = parameters.encodings[0];
      // Before the first answer there are none.
      if (first === undefined || parameters.transactionId === '') continue;
      this.encoded.set(sender, wanted);
      if (same(first)) continue;
      Object.assign(first, wanted);
      void sender.setParameters(parameters).catch(() => this.encoded.delete(sender));
    }
  }

  private told(text: unknown): void {
    const told = toldOf(text);
    if (told === null) return;
    if ('speaks' in told) this.theySpeak = told.speaks;
    else {
      this.theirWish = told;
      this.host.wished();
    }
  }

  private say(what: Told): void {
    const channel = this.negotiation.connection?.beside;
    if (channel?.readyState === 'open') channel.send(JSON.stringify(what));
  }
}

function plain(candidate: RTCIceCandidate): Candidate {
  return { candidate: candidate.candidate, sdpMid: candidate.sdpMid, sdpMLineIndex: candidate.sdpMLineIndex, usernameFragment: candidate.usernameFragment };
}
