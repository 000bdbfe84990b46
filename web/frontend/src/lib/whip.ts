/**
 * A WHIP client (RFC 9725): offer by POST, end by DELETE, and back on the air by itself.
 *
 * The server is ICE-lite and puts all of its candidates in the answer, so the offer goes out at once, without candidates
 * of ours, and nothing is trickled. A lost connection is not repaired but replaced: a new POST to the same address takes
 * the channel over from the dead session, and viewers keep their playlist.
 */

import { ApiError, request } from './api';
import { Backoff } from './backoff';
import { describe, iceServersOf, preferCodec, sessionOf, type VideoCodec } from './whip-parts';

export type Failure = 'key' | 'udp' | 'refused' | 'replaced' | 'server';

export type WhipState =
  | { kind: 'connecting' }
  | { kind: 'live'; session: string }
  | { kind: 'reconnecting'; sinceMs: number }
  | { kind: 'failed'; failure: Failure; error: ApiError | null }
  | { kind: 'ended' };

export interface Publication {
  channel: string;
  /** A bearer token that is good for now. */
  bearer: () => Promise<string>;
  /** What proves to the REST interface that the channel's session may be read. */
  reading: Record<string, string>;
  video: MediaStreamTrack | null;
  audio: MediaStreamTrack | null;
  codec: VideoCodec;
  maxBitrate: number;
}

const CONNECT_MS = 8000;
const FIRST_POST_MS = 10_000;
const LATER_POST_MS = 4000;
const SUSPICIOUS_MS = 1000;
const SILENCE_MS = 2500;
const WATCH_MS = 400;
const GOODBYE_MS = 3000;
const SETTLE_MS = 400;

class ConnectTimeout extends Error {}

interface Attempt {
  peer: RTCPeerConnection;
  resource: string;
  session: string;
}

export class WhipClient {
  private attempt: Attempt | null = null;
  private timer = 0;
  private over = false;
  private heardAt = 0;
  private heardBytes = -1;
  private wake: (() => void) | null = null;
  private wasLive = false;
  private ice: RTCIceServer[] | null = null;

  constructor(
    private readonly publication: Publication,
    private readonly tell: (state: WhipState) => void,
  ) {}

  get peer(): RTCPeerConnection | null {
    return this.attempt?.peer ?? null;
  }

  get session(): string {
    return this.attempt?.session ?? '';
  }

  /** Publishes until `end()` or a failure that trying again would not mend. */
  async run(): Promise<void> {
    const backoff = new Backoff(300, 4000);
    let lostAt = 0;
    const online = (): void => this.wake?.();
    window.addEventListener('online', online);
    this.tell({ kind: 'connecting' });
    try {
      while (!this.over) {
        try {
          this.attempt = await this.connect(this.wasLive ? LATER_POST_MS : FIRST_POST_MS);
          if (this.over) break;
          this.wasLive = true;
          backoff.reset();
          this.tell({ kind: 'live', session: this.attempt.session });
          await this.lost(this.attempt);
          if (this.over) break;
          lostAt = Date.now();
          this.tell({ kind: 'reconnecting', sinceMs: lostAt });
          if (await this.replaced()) return this.fail('replaced', null);
        } catch (error) {
          if (this.over) break;
          const failure = this.lasting(error);
          if (failure !== null) return this.fail(failure, error instanceof ApiError ? error : null);
          await this.pause(backoff.next());
        }
      }
      // A peer that closes before its good-bye has arrived looks like one that was cut off.
      await this.goodbye();
      this.tell({ kind: 'ended' });
    } finally {
      window.removeEventListener('online', online);
      this.close();
    }
  }

  /** Another camera, microphone or screen, without a new session. */
  async replace(kind: 'audio' | 'video', track: MediaStreamTrack | null): Promise<void> {
    this.publication[kind] = track;
    const sender = this.sender(kind);
    if (sender !== undefined) await sender.replaceTrack(track);
    // A kind that was not offered needs a new offer: let the session go, and the next one carries it.
    else if (track !== null) this.attempt?.peer.close();
  }

  async limit(maxBitrate: number): Promise<void> {
    this.publication.maxBitrate = maxBitrate;
    const sender = this.sender('video');
    if (sender !== undefined) await this.tune(sender);
  }

  /** Says good-bye: the broadcast ends for its viewers. */
  end(): void {
    if (this.over) return;
    this.over = true;
    if (this.attempt !== null && this.attempt.session === '') this.attempt.peer.close();
    this.wake?.();
  }

  private async goodbye(): Promise<void> {
    const resource = this.attempt?.resource;
    if (!resource) return;
    const bearer = await this.publication.bearer().catch(() => '');
    const headers = { Authorization: `Bearer ${bearer}` };
    await fetch(resource, { method: 'DELETE', headers, keepalive: true, signal: AbortSignal.timeout(GOODBYE_MS) }).catch(() => undefined);
  }

  private fail(failure: Failure, error: ApiError | null): void {
    this.over = true;
    this.close();
    this.tell({ kind: 'failed', failure, error });
  }

  private async connect(deadlineMs: number): Promise<Attempt> {
    const endpoint = `/whip/${encodeURIComponent(this.publication.channel)}`;
    const authorization = { Authorization: `Bearer ${await this.publication.bearer()}` };
    this.close();
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: await this.iceServers(endpoint, authorization) });
    this.attempt = { peer, resource: '', session: '' };
    try {
      const stream = new MediaStream();
      for (const kind of ['audio', 'video'] as const) {
        const track = this.publication[kind];
        if (track === null) continue;
        const transceiver = peer.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
        if (kind === 'video') preferCodec(transceiver, this.publication.codec);
      }
      await describe(peer);
      const response = await request(
        endpoint,
        { method: 'POST', headers: { ...authorization, 'Content-Type': 'application/sdp' }, body: peer.localDescription?.sdp ?? '' },
        deadlineMs,
      );
      const resource = new URL(response.headers.get('Location') ?? '', response.url).href;
      this.attempt.resource = resource;
      if (this.over) throw new Error('ended while connecting');
      await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
      const video = this.sender('video');
      if (video !== undefined) await this.tune(video);
      await connected(peer);
      return { peer, resource, session: sessionOf(resource) };
    } catch (error) {
      peer.close();
      throw error;
    }
  }

  /** Resolves when the peer is gone: by its own word, by ICE, or because the server has said nothing for too long. */
  private lost(attempt: Attempt): Promise<void> {
    this.heardAt = performance.now();
    this.heardBytes = -1;
    return new Promise((resolve) => {
      const done = (): void => {
        window.clearInterval(this.timer);
        this.wake = null;
        resolve();
      };
      this.wake = () => {
        if (this.over || attempt.peer.connectionState !== 'connected') done();
      };
      this.timer = window.setInterval(() => {
        const state = attempt.peer.connectionState;
        if (this.over || state === 'failed' || state === 'closed') return done();
        void bytesReceived(attempt.peer).then((bytes) => {
          const now = performance.now();
          if (bytes !== this.heardBytes) {
            this.heardBytes = bytes;
            this.heardAt = now;
          } else if (now - this.heardAt > SILENCE_MS) done();
          else if (now - this.heardAt > SUSPICIOUS_MS) void this.forgotten(attempt).then((gone) => gone && done());
        });
      }, WATCH_MS);
    });
  }

  /** Whether the server says that there is no such session: its node died, and waiting longer would not mend it. */
  private async forgotten(attempt: Attempt): Promise<boolean> {
    try {
      return (await fetch(attempt.resource, { signal: AbortSignal.timeout(WATCH_MS) })).status === 404;
    } catch {
      return false;
    }
  }

  /** Whether another tab or program publishes to the channel now: then coming back would throw it out. */
  private async replaced(): Promise<boolean> {
    const { channel, reading } = this.publication;
    // The new session's announcement needs a moment to get around.
    await this.pause(SETTLE_MS);
    try {
      const response = await request(`/api/v1/channels/${encodeURIComponent(channel)}/session`, { headers: reading }, 1500);
      const { session } = (await response.json()) as { session: string };
      return session !== '' && session !== this.attempt?.session;
    } catch {
      return false;
    }
  }

  private lasting(error: unknown): Failure | null {
    if (error instanceof ConnectTimeout) return this.wasLive ? null : 'udp';
    if (error instanceof ApiError) {
      if (error.status === 401 || error.status === 403) return 'key';
      if (error.status === 429 || error.status === 0 || error.status >= 500) return this.wasLive ? null : 'server';
      return 'refused';
    }
    return this.wasLive ? null : 'refused';
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = window.setTimeout(() => this.wake?.(), milliseconds);
      this.wake = () => {
        window.clearTimeout(timer);
        this.wake = null;
        resolve();
      };
    });
  }

  private async iceServers(endpoint: string, headers: Record<string, string>): Promise<RTCIceServer[]> {
    try {
      if (this.ice === null) {
        const response = await fetch(endpoint, { method: 'OPTIONS', headers, signal: AbortSignal.timeout(1500) });
        if (response.ok) this.ice = iceServersOf(response.headers.get('Link') ?? '');
      }
    } catch {
      // Most networks need none.
    }
    return this.ice ?? [];
  }

  private sender(kind: 'audio' | 'video'): RTCRtpSender | undefined {
    return this.peer?.getTransceivers().find((transceiver) => transceiver.receiver.track.kind === kind)?.sender;
  }

  private async tune(sender: RTCRtpSender): Promise<void> {
    const parameters = sender.getParameters() as RTCRtpSendParameters & { degradationPreference?: RTCDegradationPreference };
    // A changed size is a new init segment and a discontinuity for every viewer: rather drop frames than pixels.
    parameters.degradationPreference = 'maintain-resolution';
    for (const encoding of parameters.encodings) encoding.maxBitrate = this.publication.maxBitrate;
    try {
      await sender.setParameters(parameters);
    } catch {
      // Not every browser knows each of these; the defaults work too.
    }
  }

  private close(): void {
    window.clearInterval(this.timer);
    this.attempt?.peer.close();
  }
}

function connected(peer: RTCPeerConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    // No event tells of one's own close(): looking is simpler than listening.
    const timer = window.setInterval(() => {
      const state = peer.connectionState;
      if (state === 'connected') resolve();
      else if (state === 'failed' || state === 'closed' || performance.now() - begun > CONNECT_MS) reject(new ConnectTimeout());
      else return;
      window.clearInterval(timer);
    }, 30);
  });
}

async function bytesReceived(peer: RTCPeerConnection): Promise<number> {
  let bytes = 0;
  (await peer.getStats()).forEach((stat: { type: string; nominated?: boolean; bytesReceived?: number }) => {
    if (stat.type === 'candidate-pair' && stat.nominated) bytes += stat.bytesReceived ?? 0;
  });
  return bytes;
}
