/** The studio's state and what can be done in it. It draws nothing; `changed` says when to draw again. */

import { api, type ApiError } from '../lib/api';
import { rest, type Channel, type SessionStatistics } from '../lib/rest';
import { session } from '../lib/session';
import { forget, recall, remember } from '../lib/storage';
import { WhipClient, type Failure, type WhipState } from '../lib/whip';
import type { VideoCodec } from '../lib/whip-parts';
import { KeyCredential, SessionCredential, type Credential } from './credential';
import { alreadyAllowed, choices, MediaError, openBoth, openCamera, openMicrophone, openScreen, videoConstraints, type Choice, type MediaProblem } from './media';
import { Meter } from './meter';
import { append, NumberReader, type Numbers } from './numbers';
import { sizeOf } from './sizes';

export type Phase = 'permission' | 'asking' | 'ready' | 'countdown' | 'connecting' | 'live' | 'reconnecting' | 'ended';
export type Problem = { kind: MediaProblem | 'lost' } | { kind: Failure; error: ApiError | null };

export interface History {
  bitrate: number[];
  frameRate: number[];
  loss: number[];
  rtt: number[];
  viewers: number[];
  latency: number[];
}

const noHistory = (): History => ({ bitrate: [], frameRate: [], loss: [], rtt: [], viewers: [], latency: [] });

export class Studio {
  phase: Phase = 'permission';
  problem: Problem | null = null;
  cameras: Choice[] = [];
  microphones: Choice[] = [];
  camera: MediaStreamTrack | null = null;
  microphone: MediaStreamTrack | null = null;
  screen: MediaStreamTrack | null = null;
  height = Number(recall('studio.height') ?? '720');
  maxBitrate = Number(recall('studio.bitrate') ?? String(sizeOf(this.height).bitrate));
  channel = recall('studio.channel', 'session') ?? '';
  key = recall('studio.key', 'session') ?? '';
  /** The channels the signed-in person may publish to; null for a stranger. */
  owned: Channel[] | null = null;
  withKey = false;
  left = 0;
  startedAt = 0;
  lasted = 0;
  numbers: Numbers | null = null;
  server: SessionStatistics | null = null;
  history = noHistory();
  readonly meter = new Meter();

  private whip: WhipClient | null = null;
  private credential: Credential | null = null;
  private reader = new NumberReader();
  private awake: WakeLockSentinel | null = null;
  private timer = 0;
  private counting = 0;

  constructor(
    private readonly changed: () => void,
    private readonly codec: VideoCodec,
    private readonly countdown: number,
  ) {}

  get onAir(): boolean {
    return this.phase === 'live' || this.phase === 'reconnecting';
  }

  /** Whether this tab was on air when it was reloaded: its viewers still wait. */
  get cutOff(): boolean {
    return !this.busy && recall('studio.onair', 'session') === this.channel && this.channel !== '';
  }

  get busy(): boolean {
    return this.onAir || this.phase === 'connecting' || this.phase === 'countdown';
  }

  get video(): MediaStreamTrack | null {
    return this.screen ?? this.camera;
  }

  get ready(): boolean {
    return this.channel !== '' && (!this.pasting || this.key !== '') && (this.video !== null || this.microphone !== null);
  }

  /** Whether a stream key is pasted instead of being signed in. */
  get pasting(): boolean {
    return this.owned === null || this.withKey;
  }

  get session(): string {
    return this.whip?.session ?? '';
  }

  async start(): Promise<void> {
    navigator.mediaDevices?.addEventListener('devicechange', this.onDevices);
    void this.findChannels();
    if (await alreadyAllowed()) await this.allow();
  }

  private async findChannels(): Promise<void> {
    if ((await session()).account === null) return;
    try {
      this.owned = (await rest.channels.mine({ limit: '100' })).items;
    } catch {
      // A key still does.
      return;
    }
    if (this.key !== '') this.withKey = true;
    else if (!this.owned.some((channel) => channel.channel === this.channel)) this.channel = this.owned[0]?.channel ?? '';
    this.changed();
  }

  /** Paste a key, or go back to the channels of mine. */
  switchCredential(): void {
    this.withKey = !this.withKey;
    this.chooseChannel(this.withKey ? '' : (this.owned?.[0]?.channel ?? ''), '');
  }

  stop(): void {
    navigator.mediaDevices?.removeEventListener('devicechange', this.onDevices);
    this.end();
    for (const track of [this.camera, this.microphone, this.screen]) track?.stop();
    this.meter.close();
  }

  // ---- sources ----

  async allow(): Promise<void> {
    this.set({ phase: 'asking', problem: null });
    try {
      const stream = await openBoth(sizeOf(this.height), recall('studio.camera') ?? '', recall('studio.microphone') ?? '');
      this.takeCamera(stream.getVideoTracks()[0] ?? null);
      this.takeMicrophone(stream.getAudioTracks()[0] ?? null);
      // The size may have been changed while the person was being asked.
      await this.fit();
      this.set({ phase: 'ready' });
      await this.onDevices();
    } catch (error) {
      this.set({ phase: 'permission' });
      this.mediaFailed(error);
    }
  }

  async chooseCamera(id: string): Promise<void> {
    if (id === '') {
      this.camera?.stop();
      this.takeCamera(null);
    } else {
      try {
        // Some systems give a camera to one taker at a time: let go of the old one first.
        this.camera?.stop();
        this.takeCamera((await openCamera(sizeOf(this.height), id)).getVideoTracks()[0] ?? null);
        remember('studio.camera', id);
      } catch (error) {
        this.takeCamera(null);
        this.mediaFailed(error);
      }
    }
    if (this.screen === null) await this.send('video');
    this.changed();
  }

  async chooseMicrophone(id: string): Promise<void> {
    const muted = this.microphone?.enabled === false;
    this.microphone?.stop();
    this.takeMicrophone(null);
    if (id !== '') {
      try {
        this.takeMicrophone((await openMicrophone(id)).getAudioTracks()[0] ?? null);
        if (this.microphone !== null && muted) (this.microphone as MediaStreamTrack).enabled = false;
        remember('studio.microphone', id);
      } catch (error) {
        this.mediaFailed(error);
      }
    }
    await this.send('audio');
    this.changed();
  }

  async toggleScreen(): Promise<void> {
    if (this.screen !== null) {
      this.screen.stop();
      this.screen = null;
    } else {
      try {
        const screen = await openScreen(sizeOf(this.height));
        screen.addEventListener('ended', () => {
          if (this.screen === screen) void this.toggleScreen();
        });
        this.screen = screen;
        if (this.phase === 'permission') this.phase = 'ready';
        this.problem = null;
      } catch (error) {
        this.mediaFailed(error);
        return;
      }
    }
    await this.send('video');
    this.changed();
  }

  toggle(track: MediaStreamTrack | null): void {
    if (track !== null) track.enabled = !track.enabled;
    this.changed();
  }

  async chooseSize(height: number): Promise<void> {
    this.height = height;
    remember('studio.height', String(height));
    await this.chooseBitrate(sizeOf(height).bitrate);
    await this.fit();
    this.changed();
  }

  /** Asks the camera for the chosen size; one that can't gives what it can. */
  private async fit(): Promise<void> {
    const size = sizeOf(this.height);
    if (this.camera === null || this.camera.getSettings().height === size.height) return;
    await this.camera.applyConstraints(videoConstraints(size, '')).catch(() => undefined);
  }

  async chooseBitrate(bitrate: number): Promise<void> {
    this.maxBitrate = bitrate;
    remember('studio.bitrate', String(bitrate));
    await this.whip?.limit(bitrate);
    this.changed();
  }

  chooseChannel(channel: string, key: string): void {
    this.channel = channel.trim();
    this.key = key.trim();
    // This tab only: a key must not outlive it.
    for (const [name, value] of Object.entries({ 'studio.channel': this.channel, 'studio.key': this.key })) {
      if (value === '') forget(name, 'session');
      else remember(name, value, 'session');
    }
    if (this.problem?.kind === 'key') this.problem = null;
    this.changed();
  }

  // ---- on air ----

  go(): void {
    if (this.busy || !this.ready) return;
    this.left = this.cutOff ? 0 : this.countdown;
    this.set({ phase: 'countdown', problem: null });
    const step = (): void => {
      if (this.left <= 0) {
        window.clearInterval(this.counting);
        this.publish();
      }
      this.changed();
      this.left -= 1;
    };
    window.clearInterval(this.counting);
    this.counting = window.setInterval(step, 1000);
    step();
  }

  cancel(): void {
    window.clearInterval(this.counting);
    if (this.phase === 'countdown') this.set({ phase: 'ready' });
    else if (this.phase === 'connecting') this.end();
  }

  end(): void {
    window.clearInterval(this.counting);
    this.whip?.end();
  }

  private publish(): void {
    this.set({ phase: 'connecting' });
    this.history = noHistory();
    this.startedAt = 0;
    const credential: Credential = this.pasting ? new KeyCredential(this.key) : new SessionCredential(this.channel);
    this.credential = credential;
    const whip = new WhipClient(
      { channel: this.channel, bearer: () => credential.publish(), reading: credential.reading, video: this.video, audio: this.microphone, codec: this.codec, maxBitrate: this.maxBitrate },
      (state) => this.onWhip(state),
    );
    this.whip = whip;
    void whip.run();
    window.clearInterval(this.timer);
    this.timer = window.setInterval(() => void this.measure(), 1000);
  }

  private onWhip(state: WhipState): void {
    switch (state.kind) {
      case 'connecting':
        break;
      case 'live':
        if (this.startedAt === 0) this.startedAt = Date.now();
        remember('studio.onair', this.channel, 'session');
        void this.stayAwake();
        this.reader = new NumberReader();
        this.set({ phase: 'live' });
        break;
      case 'reconnecting':
        this.set({ phase: 'reconnecting' });
        break;
      case 'failed':
        this.over(this.startedAt === 0 ? 'ready' : 'ended');
        this.set({ problem: { kind: state.failure, error: state.error } });
        break;
      case 'ended':
        this.over(this.startedAt === 0 ? 'ready' : 'ended');
        break;
    }
  }

  private over(phase: Phase): void {
    window.clearInterval(this.timer);
    forget('studio.onair', 'session');
    void this.awake?.release().catch(() => undefined);
    this.awake = null;
    this.lasted = this.startedAt === 0 ? 0 : (Date.now() - this.startedAt) / 1000;
    this.whip = null;
    this.numbers = null;
    this.server = null;
    this.set({ phase });
  }

  /** Keeps a phone's screen on, since its camera stops with it. */
  private async stayAwake(): Promise<void> {
    const lock = (navigator as { wakeLock?: WakeLock }).wakeLock;
    this.awake = (await lock?.request('screen').catch(() => null)) ?? null;
  }

  private async measure(): Promise<void> {
    const { whip } = this;
    if (whip === null || whip.peer === null) return;
    // A hidden tab draws nothing, and the meter would take that for silence.
    this.meter.level();
    const report = (await whip.peer.getStats()) as unknown as Map<string, never>;
    if (whip !== this.whip) return;
    this.numbers = this.phase === 'live' ? this.reader.read(report.values()) : this.numbers;
    if (this.numbers !== null && this.phase === 'live') {
      this.push({ bitrate: this.numbers.bitrate, frameRate: this.numbers.frameRate, loss: this.numbers.lossShare, rtt: this.numbers.rttMs });
    }
    if (this.phase === 'live' && whip.session !== '' && Math.floor(Date.now() / 1000) % 2 === 0) {
      try {
        this.server = await api.statistics(this.channel, this.credential?.reading ?? {});
        this.push({ viewers: this.server.viewers, ...(this.server.latency ? { latency: this.server.latency.p50_ms } : {}) });
      } catch {
        // Numbers only; the broadcast does not depend on them.
      }
    }
    this.changed();
  }

  private push(values: Partial<Record<keyof History, number>>): void {
    for (const [name, value] of Object.entries(values)) {
      const of = name as keyof History;
      this.history = { ...this.history, [of]: append(this.history[of], value) };
    }
  }

  private async send(kind: 'audio' | 'video'): Promise<void> {
    await this.whip?.replace(kind, kind === 'video' ? this.video : this.microphone).catch(() => undefined);
  }

  private takeCamera(track: MediaStreamTrack | null): void {
    this.camera = track;
    if (track !== null) track.contentHint = 'motion';
    track?.addEventListener('ended', () => {
      if (this.camera === track) this.set({ problem: { kind: 'lost' } });
    });
  }

  private takeMicrophone(track: MediaStreamTrack | null): void {
    this.microphone = track;
    this.meter.attach(track);
    track?.addEventListener('ended', () => {
      if (this.microphone === track) this.set({ problem: { kind: 'lost' } });
    });
  }

  private readonly onDevices = async (): Promise<void> => {
    this.cameras = await choices('videoinput');
    this.microphones = await choices('audioinput');
    this.changed();
  };

  private mediaFailed(error: unknown): void {
    this.set({ problem: { kind: error instanceof MediaError ? error.problem : 'device' } });
  }

  private set(values: Partial<Pick<Studio, 'phase' | 'problem'>>): void {
    Object.assign(this, values);
    this.changed();
  }
}
