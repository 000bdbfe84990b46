/** Plays one channel's playlist: hls.js where it runs (ManagedMediaSource on iOS included), the browser's own player elsewhere. */

import Hls, { ErrorTypes, Events, type ErrorData, type HlsConfig } from 'hls.js';
import workerUrl from 'hls.js/dist/hls.worker.js?url';
import { trustWorker } from '../lib/trusted-types';

trustWorker(workerUrl);

export type PlaybackState = 'idle' | 'loading' | 'playing' | 'reconnecting' | 'ended' | 'unsupported';

export interface Quality {
  index: number;
  height: number;
  bitrate: number;
}

/** Where glass-to-glass latency comes from, in seconds. `travel` is camera to this browser, `buffer` is what waits in the player. */
export interface LatencyParts {
  total: number;
  travel: number;
  buffer: number;
  target: number | null;
}

const quickRetry = (attempts: number): { maxNumRetry: number; retryDelayMs: number; maxRetryDelayMs: number; backoff: 'linear' } => ({
  maxNumRetry: attempts,
  retryDelayMs: 250,
  maxRetryDelayMs: 1000,
  backoff: 'linear',
});

/** Timeouts are generous, since a blocking reload is held on purpose; retries are quick, since an edge is back within a second or two. */
const load = (first: number, whole: number, attempts: number): HlsConfig['playlistLoadPolicy'] => ({
  default: {
    maxTimeToFirstByteMs: first,
    maxLoadTimeMs: whole,
    timeoutRetry: quickRetry(attempts),
    errorRetry: quickRetry(attempts),
  },
});

const STALLED_MS = 1200;
const REBUILD_MS = 9000;
const FINISHED_MS = 900;
/** Further behind live than this by no choice of the viewer's, the player jumps; less, it catches up by playing a little faster. Seconds. */
const TOO_FAR = 4;
const JUMPS_MS = 8000;

export class Playback {
  private hls: Hls | null = null;
  private url = '';
  private state: PlaybackState = 'idle';
  private watchdog = 0;
  private movedAt = 0;
  private lastTime = -1;
  private rebuiltAt = 0;
  private mediaRecoveredAt = 0;
  private wantsPlay = true;
  private finishing = false;
  private choseToBeBehind = false;
  private jumpedAt = 0;

  constructor(
    readonly video: HTMLVideoElement,
    private readonly tell: (state: PlaybackState) => void,
    private readonly qualitiesKnown: (qualities: Quality[]) => void,
    /** The playback token of a channel that is not open to everyone, or nothing. */
    private readonly bearer: () => string = () => '',
  ) {
    video.addEventListener('playing', this.onPlaying);
    video.addEventListener('ended', this.onEnded);
    video.addEventListener('pause', this.onPause);
    video.addEventListener('play', this.onPlay);
  }

  start(url: string): void {
    if (this.url === url && this.state !== 'idle' && this.state !== 'ended') return;
    this.url = url;
    this.wantsPlay = true;
    this.finishing = false;
    this.choseToBeBehind = false;
    this.open();
    window.clearInterval(this.watchdog);
    this.watchdog = window.setInterval(() => this.watch(), 500);
  }

  stop(): void {
    window.clearInterval(this.watchdog);
    this.teardown();
    this.url = '';
    this.set('idle');
  }

  dispose(): void {
    this.stop();
    this.video.removeEventListener('playing', this.onPlaying);
    this.video.removeEventListener('ended', this.onEnded);
    this.video.removeEventListener('pause', this.onPause);
    this.video.removeEventListener('play', this.onPlay);
  }

  /** The broadcast is over: what is buffered is played, and then that is the end, whether or not the media element noticed. */
  finish(): void {
    this.finishing = true;
  }

  /** Tries again at once: something outside says that the broadcast is there. */
  nudge(): void {
    if (this.url !== '' && this.state !== 'playing' && Date.now() - this.rebuiltAt > 1500) this.open();
  }

  /** Plays, without sound if the browser allows nothing else. Resolves to whether it had to be muted. */
  async play(): Promise<boolean> {
    this.wantsPlay = true;
    try {
      await this.video.play();
      return false;
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || this.video.muted) return false;
      this.video.muted = true;
      await this.video.play().catch(() => undefined);
      return true;
    }
  }

  pause(): void {
    this.wantsPlay = false;
    this.choseToBeBehind = true;
    this.video.pause();
  }

  /** Where "live" is on the video's own clock, in seconds. */
  get livePosition(): number | null {
    const position = this.hls?.liveSyncPosition ?? null;
    if (position !== null) return position;
    const ranges = this.video.seekable;
    return ranges.length > 0 && !Number.isFinite(this.video.duration) ? ranges.end(ranges.length - 1) - 1.5 : null;
  }

  /** Seconds behind live; a few tenths of either sign are nothing. */
  get behind(): number {
    const live = this.livePosition;
    return live === null || this.state === 'ended' ? 0 : Math.max(0, live - this.video.currentTime);
  }

  goLive(): void {
    const live = this.livePosition;
    this.choseToBeBehind = false;
    if (live !== null) this.video.currentTime = live;
    void this.play();
  }

  /** Moves within what is still there. */
  seekBy(seconds: number): void {
    const ranges = this.video.seekable;
    if (ranges.length === 0) return;
    this.choseToBeBehind = true;
    const latest = this.livePosition ?? ranges.end(ranges.length - 1);
    this.video.currentTime = Math.min(latest, Math.max(ranges.start(0), this.video.currentTime + seconds));
  }

  set quality(index: number) {
    if (this.hls) this.hls.nextLevel = index;
  }

  get quality(): number {
    return this.hls === null || this.hls.autoLevelEnabled ? -1 : this.hls.nextLevel;
  }

  get currentQuality(): Quality | null {
    const level = this.hls?.levels[this.hls.currentLevel];
    return level ? { index: this.hls?.currentLevel ?? 0, height: level.height, bitrate: level.bitrate } : null;
  }

  /** Latency at this moment against the server's clock, or null while nothing is known. */
  latency(serverNowMs: number | null): LatencyParts | null {
    if (serverNowMs === null || this.state === 'idle' || this.video.readyState < 2) return null;
    const playing = this.playingDateMs();
    if (playing === null) return null;
    const total = (serverNowMs - playing) / 1000;
    const buffered = this.bufferAhead();
    return { total, travel: Math.max(0, total - buffered), buffer: Math.min(buffered, Math.max(0, total)), target: this.hls?.targetLatency ?? null };
  }

  /** The capture time of the picture that is shown, Unix milliseconds; null while there is none. */
  get seenMs(): number | null {
    return this.state === 'idle' || this.state === 'ended' || this.video.readyState < 2 ? null : this.playingDateMs();
  }

  private playingDateMs(): number | null {
    if (this.hls) return this.hls.playingDate?.getTime() ?? null;
    const video = this.video as HTMLVideoElement & { getStartDate?: () => Date };
    const start = video.getStartDate?.().getTime() ?? Number.NaN;
    return Number.isNaN(start) ? null : start + video.currentTime * 1000;
  }

  private bufferAhead(): number {
    const { buffered, currentTime } = this.video;
    for (let i = 0; i < buffered.length; i += 1) {
      if (buffered.start(i) <= currentTime + 0.1 && currentTime <= buffered.end(i)) return buffered.end(i) - currentTime;
    }
    return 0;
  }

  private open(): void {
    this.teardown();
    this.rebuiltAt = Date.now();
    this.movedAt = Date.now();
    this.lastTime = -1;
    this.set(this.state === 'playing' || this.state === 'reconnecting' ? 'reconnecting' : 'loading');
    if (Hls.isSupported()) this.openHls();
    else if (this.video.canPlayType('application/vnd.apple.mpegurl') !== '') {
      this.video.src = this.url;
      void this.play();
    } else this.set('unsupported');
  }

  private openHls(): void {
    const hls = new Hls({
      lowLatencyMode: true,
      workerPath: workerUrl,
      preferManagedMediaSource: true,
      maxLiveSyncPlaybackRate: 1.1,
      liveSyncOnStallIncrease: 0.4,
      backBufferLength: 60,
      startFragPrefetch: true,
      manifestLoadPolicy: load(6000, 10_000, 4),
      playlistLoadPolicy: load(12_000, 20_000, 40),
      fragLoadPolicy: load(10_000, 30_000, 40),
      xhrSetup: (request, url) => {
        const token = this.bearer();
        if (token === '') return;
        if (request.readyState === XMLHttpRequest.UNSENT) request.open('GET', url, true);
        request.setRequestHeader('Authorization', `Bearer ${token}`);
      },
    });
    this.hls = hls;
    hls.on(Events.MANIFEST_PARSED, () => {
      this.qualitiesKnown(hls.levels.map((level, index) => ({ index, height: level.height, bitrate: level.bitrate })));
      if (this.wantsPlay) void this.play();
    });
    hls.on(Events.ERROR, (_, data) => this.onError(hls, data));
    hls.attachMedia(this.video);
    hls.loadSource(this.url);
  }

  private teardown(): void {
    this.hls?.destroy();
    this.hls = null;
    if (this.video.src) {
      this.video.removeAttribute('src');
      this.video.load();
    }
  }

  private onError(hls: Hls, data: ErrorData): void {
    if (hls !== this.hls) return;
    if (!data.fatal) {
      if (data.type === ErrorTypes.NETWORK_ERROR && this.bufferAhead() < 0.2 && this.state === 'playing') this.set('reconnecting');
      return;
    }
    if (data.type === ErrorTypes.MEDIA_ERROR && Date.now() - this.mediaRecoveredAt > 5000) {
      this.mediaRecoveredAt = Date.now();
      hls.recoverMediaError();
      if (this.wantsPlay) void this.play();
      return;
    }
    this.set(this.state === 'loading' ? 'loading' : 'reconnecting');
    window.setTimeout(() => {
      if (hls === this.hls) this.open();
    }, 800);
  }

  /** Time must move while we want it to: first a jump to live, then a new player. */
  private watch(): void {
    const now = Date.now();
    if (this.video.currentTime !== this.lastTime || !this.wantsPlay || this.state === 'ended' || this.state === 'unsupported') {
      this.lastTime = this.video.currentTime;
      this.movedAt = now;
      if (this.state === 'playing' && !this.choseToBeBehind && this.wantsPlay && this.behind > TOO_FAR && now - this.jumpedAt > JUMPS_MS) {
        this.jumpedAt = now;
        this.video.currentTime = this.livePosition ?? this.video.currentTime;
      }
      return;
    }
    const stuck = now - this.movedAt;
    if (this.finishing && stuck > FINISHED_MS) {
      this.hls?.stopLoad();
      this.set('ended');
      return;
    }
    if (stuck > STALLED_MS && this.state === 'playing') {
      this.set('reconnecting');
      const live = this.livePosition;
      if (live !== null && live - this.video.currentTime > 1) this.video.currentTime = live;
      if (this.video.paused) void this.play();
    }
    if (stuck > REBUILD_MS && now - this.rebuiltAt > REBUILD_MS) this.open();
  }

  private readonly onPlaying = (): void => this.set('playing');
  private readonly onEnded = (): void => this.set('ended');
  private readonly onPlay = (): void => {
    this.wantsPlay = true;
  };
  private readonly onPause = (): void => {
    // A person paused it in a way that is not ours (picture in picture, a headset's key): that counts too.
    if (this.video.ended || this.video.readyState < 2 || this.state !== 'playing') return;
    this.wantsPlay = false;
    this.choseToBeBehind = true;
  };

  private set(state: PlaybackState): void {
    if (state === this.state) return;
    this.state = state;
    this.tell(state);
  }
}
