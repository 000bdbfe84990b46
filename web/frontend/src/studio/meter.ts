/** How loud a microphone is: the peak of the last moment in decibels below full scale, and whether anything was heard lately. */

const FLOOR_DB = -60;
const SILENT_DB = -50;
const SILENT_MS = 10_000;
/** Nothing of it is to be heard: where the browser knows that, it opens no loudspeaker for it (Web Audio 1.1, section 1.2). The type does not say so yet. */
const UNHEARD: AudioContextOptions & { sinkId: { type: 'none' } } = { latencyHint: 'playback', sinkId: { type: 'none' } };

/** 0 at the floor, 1 at full scale. */
export function share(decibels: number): number {
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB));
}

export class Meter {
  private context: AudioContext | null = null;
  private analyser: AnalyserNode | null = null;
  private source: MediaStreamAudioSourceNode | null = null;
  private readonly samples = new Float32Array(1024);
  private heardAt = 0;

  attach(track: MediaStreamTrack | null): void {
    this.source?.disconnect();
    this.source = null;
    if (track === null) return;
    this.context ??= new AudioContext(UNHEARD);
    void this.context.resume();
    this.analyser ??= new AnalyserNode(this.context, { fftSize: 1024 });
    this.source = new MediaStreamAudioSourceNode(this.context, { mediaStream: new MediaStream([track]) });
    this.source.connect(this.analyser);
    this.heardAt = performance.now();
  }

  /** Decibels below full scale, at least `FLOOR_DB`. */
  level(): number {
    if (this.analyser === null || this.source === null) return FLOOR_DB;
    this.analyser.getFloatTimeDomainData(this.samples);
    let peak = 0;
    for (const sample of this.samples) peak = Math.max(peak, Math.abs(sample));
    const decibels = Math.max(FLOOR_DB, 20 * Math.log10(peak || 1e-6));
    if (decibels > SILENT_DB) this.heardAt = performance.now();
    return decibels;
  }

  get silent(): boolean {
    return performance.now() - this.heardAt > SILENT_MS;
  }

  close(): void {
    void this.context?.close();
    this.context = null;
  }
}
