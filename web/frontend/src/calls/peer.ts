/** The connection with one of the others: four tracks each way in fixed places, and what each wishes of the other's pictures. */

import type { Candidate, Relays, Signal } from '../lib/call-frames';
import { Negotiation, type Connection } from './negotiation';
import { sparing } from './sparing';
import { SOUND, wishOf, type Encoding, type Wish } from './sizes';
import { lookAt } from './statistics';
import type { Look } from './quality';
import { Watch, type Help } from './watch';

/** What is sent, in the order of the media sections: a section's place tells what its track is. */
export const PLACES = ['microphone', 'camera', 'screen', 'sound'] as const;
export type Place = (typeof PLACES)[number];
const MEDIA: Record<Place, 'audio' | 'video'> = { microphone: 'audio', camera: 'video', screen: 'video', sound: 'audio' };

export type Tracks = Readonly<Record<Place, MediaStreamTrack | null>>;

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

/** An RTCPeerConnection as the negotiation sees it; the words differ only in their types. */
class BrowserConnection implements Connection {
  readonly transceivers: RTCRtpTransceiver[] = [];
  readonly wishes: RTCDataChannel;

  constructor(
    readonly raw: RTCPeerConnection,
    private readonly others: () => number,
  ) {
    // Agreed on beforehand, so that it needs no round of its own.
    this.wishes = raw.createDataChannel('wishes', { negotiated: true, id: 0 });
  }

  get signalingState(): string {
    return this.raw.signalingState;
  }

  get localDescription(): RTCSessionDescription | null {
    return this.raw.localDescription;
  }

  setLocalDescription(): Promise<void> {
    return this.raw.setLocalDescription();
  }

  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    return this.raw.setRemoteDescription({ ...description, sdp: sparing(description.sdp ?? '', this.others()) });
  }

  addIceCandidate(candidate: Candidate | null): Promise<void> {
    return this.raw.addIceCandidate(candidate ?? undefined);
  }

  restartIce(): void {
    this.raw.restartIce();
  }

  close(): void {
    this.raw.close();
  }
}

export class Peer {
  readonly negotiation: Negotiation<BrowserConnection>;
  readonly watch: Watch;
  /** What the other sends, by place; null until there is a connection. */
  received: Partial<Record<Place, MediaStreamTrack>> = {};
  state = 'new';
  /** What the other wishes of our pictures; all of it until they say. */
  theirWish: Wish = { camera: 360, screen: 1080 };
  /** Milliseconds from its beginning until it was connected, null before. */
  connectedAfter: number | null = null;

  private readonly began = performance.now();
  private ourWish: Wish = { camera: 0, screen: 0 };
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
      open: (offering) => this.open(offering),
      answering: (connection) => this.answering(connection),
      send: (signal) => host.send(signal),
    });
  }

  get raw(): RTCPeerConnection | null {
    return this.negotiation.connection?.raw ?? null;
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

  /** Send these from now on: tracks are exchanged in their places, nothing is negotiated. */
  send(tracks: Tracks): void {
    this.tracks = tracks;
    const { connection } = this.negotiation;
    if (connection === null) return;
    PLACES.forEach((place, index) => {
      const sender = connection.transceivers[index]?.sender;
      if (sender && sender.track !== tracks[place]) void sender.replaceTrack(tracks[place]).then(() => this.encode()).catch(() => undefined);
    });
  }

  size(encodings: { camera: Encoding; screen: Encoding }): void {
    this.encodings = encodings;
    this.encode();
  }

  wish(wish: Wish): void {
    if (wish.camera === this.ourWish.camera && wish.screen === this.ourWish.screen) return;
    this.ourWish = wish;
    this.sayWish();
  }

  async look(): Promise<Look | null> {
    const { raw } = this;
    if (raw === null || raw.connectionState !== 'connected') return null;
    const report = await raw.getStats().catch(() => null);
    return report === null ? null : lookAt(report.values() as Iterable<Record<string, unknown> & { type: string }>, performance.now());
  }

  /** How loud the other is at this moment, 0 to 1. */
  level(): number {
    const { connection } = this.negotiation;
    const source = connection?.transceivers[0]?.receiver.getSynchronizationSources()[0];
    return source !== undefined && performance.timeOrigin + performance.now() - source.timestamp < 1000 ? (source.audioLevel ?? 0) : 0;
  }

  close(): void {
    this.negotiation.close();
    this.received = {};
  }

  private configuration(): RTCConfiguration {
    const hidden = this.relays.relay_only || (this.guest && this.relays.relay_to_guests);
    return { iceServers: this.relays.ice_servers, iceTransportPolicy: hidden ? 'relay' : 'all', bundlePolicy: 'max-bundle' };
  }

  private open(offering: boolean): BrowserConnection {
    const raw = new RTCPeerConnection(this.configuration());
    const connection = new BrowserConnection(raw, () => this.host.others());
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
    connection.wishes.onopen = () => this.sayWish();
    connection.wishes.onmessage = ({ data }: MessageEvent<unknown>) => {
      const wish = wishOf(data);
      if (wish === null || this.raw !== raw) return;
      this.theirWish = wish;
      this.host.wished();
    };
    if (offering) {
      for (const place of PLACES) {
        const rate = place === 'camera' || place === 'screen' ? (this.encodings?.[place] ?? { maxBitrate: 500_000 }) : { maxBitrate: SOUND };
        connection.transceivers.push(raw.addTransceiver(this.tracks[place] ?? MEDIA[place], { direction: 'sendrecv', sendEncodings: [rate] }));
      }
      this.hear(connection);
    } else this.received = {};
    this.watch.changed('new', performance.now());
    this.host.changed();
    return connection;
  }

  /** The other's offer made the places; ours go into them. */
  private async answering(connection: BrowserConnection): Promise<void> {
    const found = connection.raw.getTransceivers();
    if (found.length < PLACES.length || found.some((one, index) => index < PLACES.length && one.receiver.track.kind !== MEDIA[PLACES[index] ?? 'microphone'])) throw new Error('The offer has other places than ours.');
    connection.transceivers.splice(0, Infinity, ...found.slice(0, PLACES.length));
    for (const transceiver of connection.transceivers) transceiver.direction = 'sendrecv';
    await Promise.all(PLACES.map((place, index) => connection.transceivers[index]?.sender.replaceTrack(this.tracks[place])));
    this.hear(connection);
    this.encode();
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

  private sayWish(): void {
    const channel = this.negotiation.connection?.wishes;
    if (channel?.readyState === 'open') channel.send(JSON.stringify(this.ourWish));
  }
}

function plain(candidate: RTCIceCandidate): Candidate {
  return { candidate: candidate.candidate, sdpMid: candidate.sdpMid, sdpMLineIndex: candidate.sdpMLineIndex, usernameFragment: candidate.usernameFragment };
}
