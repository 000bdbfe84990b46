/** Camera, microphone, screen and loudspeaker of one person in a call; each is exchanged alone, and may be missing. */

import { recall, remember } from '../lib/storage';
import { choices, MediaError, problemOf, type Choice, type MediaProblem } from '../studio/media';
import { Meter, share } from '../studio/meter';
import type { Tracks } from './places';

/** What the browser does to the sound before it is sent. */
export const TREATMENTS = ['noiseSuppression', 'echoCancellation', 'autoGainControl'] as const;
export type Treatment = (typeof TREATMENTS)[number];
export const HEIGHTS = [720, 360, 180] as const;

/** What the type of a track does not say yet. */
type BlurringTrack = Omit<MediaStreamTrack, 'getCapabilities' | 'getSettings'> & { getCapabilities?(): { backgroundBlur?: boolean[] }; getSettings(): { backgroundBlur?: boolean } };

export class Devices {
  camera: MediaStreamTrack | null = null;
  microphone: MediaStreamTrack | null = null;
  screen: MediaStreamTrack | null = null;
  /** What the shared screen sounds like. */
  sound: MediaStreamTrack | null = null;
  problems: { camera: MediaProblem | null; microphone: MediaProblem | null } = { camera: null, microphone: null };
  cameras: Choice[] = [];
  microphones: Choice[] = [];
  loudspeakers: Choice[] = [];
  loudspeaker = recall('calls.loudspeaker') ?? '';
  muted = recall('calls.muted') === 'yes';
  /** Wanted; whether there is one is another question. */
  cameraOn = recall('calls.camera') !== 'off';
  height = Number(recall('calls.height')) || 720;
  pushToTalk = recall('calls.push') === 'yes';
  /** Held down at this moment. */
  pushed = false;
  opening = false;
  /** Wanted; what is behind the person is out of focus where the camera can do that. */
  private blur = recall('calls.blur') === 'yes';
  readonly meter = new Meter();
  treatments: Record<Treatment, boolean> = { noiseSuppression: recall('calls.noiseSuppression') !== 'no', echoCancellation: recall('calls.echoCancellation') !== 'no', autoGainControl: recall('calls.autoGainControl') !== 'no' };

  private chosen = { camera: recall('calls.cameraDevice') ?? '', microphone: recall('calls.microphoneDevice') ?? '' };
  private closed = false;

  constructor(private readonly tell: () => void) {}

  /** What is sent of all this. */
  get tracks(): Tracks {
    return { microphone: this.microphone, camera: this.camera, screen: this.screen, sound: this.sound };
  }

  /** Somebody could be heard now. */
  get open(): boolean {
    return this.microphone !== null && this.microphone.enabled;
  }

  /** Peak of the microphone, 0 to 1; 0 while it is muted. */
  level(): number {
    return this.open ? share(this.meter.level()) : 0;
  }

  /** Ask for both at once, so that the person is asked once; whichever there is will do. */
  async start(): Promise<void> {
    if (this.opening) return;
    this.opening = true;
    this.tell();
    navigator.mediaDevices?.addEventListener('devicechange', this.onDevices);
    try {
      await this.openBoth();
    } finally {
      this.opening = false;
      await this.read();
    }
  }

  stop(): void {
    this.closed = true;
    navigator.mediaDevices?.removeEventListener('devicechange', this.onDevices);
    for (const track of [this.camera, this.microphone, this.screen, this.sound]) end(track);
    this.camera = this.microphone = this.screen = this.sound = null;
    this.meter.close();
  }

  // ---- camera ----

  async turnCamera(on: boolean): Promise<void> {
    this.cameraOn = on;
    remember('calls.camera', on ? 'on' : 'off');
    if (on) await this.openCamera();
    else this.setCamera(null);
    this.tell();
  }

  async chooseCamera(device: string): Promise<void> {
    this.chosen.camera = device;
    remember('calls.cameraDevice', device);
    if (this.cameraOn) await this.openCamera();
    this.tell();
  }

  async chooseHeight(height: number): Promise<void> {
    this.height = height;
    remember('calls.height', String(height));
    if (this.camera !== null) await this.openCamera();
    this.tell();
  }

  /** Whether the background is blurred; null where the camera leaves no choice (W3C Media Capture Extensions). */
  get blurred(): boolean | null {
    const camera = this.camera as BlurringTrack | null;
    return (camera?.getCapabilities?.().backgroundBlur?.length ?? 0) < 2 ? null : (camera?.getSettings().backgroundBlur ?? false);
  }

  async blurBackground(on: boolean): Promise<void> {
    this.blur = on;
    remember('calls.blur', on ? 'yes' : 'no');
    await this.camera?.applyConstraints(this.video()).catch(() => undefined);
    this.tell();
  }

  // ---- microphone ----

  mute(muted: boolean): void {
    this.muted = muted;
    remember('calls.muted', muted ? 'yes' : 'no');
    this.applyMute();
  }

  push(down: boolean): void {
    if (this.pushed === down) return;
    this.pushed = down;
    this.applyMute();
  }

  choosePushToTalk(on: boolean): void {
    this.pushToTalk = on;
    this.pushed = false;
    remember('calls.push', on ? 'yes' : 'no');
    this.applyMute();
  }

  async chooseMicrophone(device: string): Promise<void> {
    this.chosen.microphone = device;
    remember('calls.microphoneDevice', device);
    await this.openMicrophone();
    this.tell();
  }

  /** Browsers treat a microphone as it was opened: it is opened anew. */
  async treat(treatment: Treatment, on: boolean): Promise<void> {
    this.treatments = { ...this.treatments, [treatment]: on };
    remember(`calls.${treatment}`, on ? 'yes' : 'no');
    if (this.microphone !== null) await this.openMicrophone();
    this.tell();
  }

  chooseLoudspeaker(device: string): void {
    this.loudspeaker = device;
    remember('calls.loudspeaker', device);
    this.tell();
  }

  // ---- screen ----

  /** Whether something is shared now; `false` also where the person thought better of it. */
  async shareScreen(on: boolean): Promise<boolean> {
    end(this.screen);
    end(this.sound);
    this.screen = this.sound = null;
    if (on) {
      try {
        const stream = await media().getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 }, height: { max: 1440 } }, audio: true });
        this.screen = stream.getVideoTracks()[0] ?? null;
        this.sound = stream.getAudioTracks()[0] ?? null;
        if (this.screen !== null) {
          this.screen.contentHint = 'detail';
          this.screen.onended = () => void this.shareScreen(false);
        }
      } catch {
        // The person closed the choice, or the browser has no screens to share.
      }
    }
    this.tell();
    return this.screen !== null;
  }

  // ---- inside ----

  private video(): MediaTrackConstraints {
    const { height } = this;
    // As a wish of its own: Chromium mixes it with no others.
    const blur: MediaTrackConstraintSet & { backgroundBlur: boolean } = { backgroundBlur: this.blur };
    return { width: { ideal: (height * 16) / 9 }, height: { ideal: height }, frameRate: { ideal: 30, max: 30 }, ...(this.chosen.camera === '' ? {} : { deviceId: { exact: this.chosen.camera } }), advanced: [blur] };
  }

  private audio(): MediaTrackConstraints {
    return { channelCount: { ideal: 1 }, ...this.treatments, ...(this.chosen.microphone === '' ? {} : { deviceId: { exact: this.chosen.microphone } }) };
  }

  private async openBoth(): Promise<void> {
    if (this.cameraOn) {
      try {
        const stream = await ask({ video: this.video(), audio: this.audio() });
        this.setCamera(stream.getVideoTracks()[0] ?? null);
        this.setMicrophone(stream.getAudioTracks()[0] ?? null);
        return;
      } catch (error) {
        const problem = error instanceof MediaError ? error.problem : 'device';
        if (problem === 'denied' || problem === 'insecure') {
          this.problems = { camera: problem, microphone: problem };
          return;
        }
      }
      await this.openCamera();
    }
    await this.openMicrophone();
  }

  private async openCamera(): Promise<void> {
    // Some devices open once: the one of before is let go first.
    end(this.camera);
    try {
      const stream = await ask({ video: this.video() });
      this.setCamera(stream.getVideoTracks()[0] ?? null);
      this.problems = { ...this.problems, camera: null };
    } catch (error) {
      const problem = error instanceof MediaError ? error.problem : 'device';
      if (problem === 'missing' && this.chosen.camera !== '') {
        // What was chosen is not there today: any other will do.
        this.chosen.camera = '';
        return this.openCamera();
      }
      this.setCamera(null);
      this.problems = { ...this.problems, camera: problem };
    }
  }

  private async openMicrophone(): Promise<void> {
    end(this.microphone);
    try {
      const stream = await ask({ audio: this.audio() });
      this.setMicrophone(stream.getAudioTracks()[0] ?? null);
      this.problems = { ...this.problems, microphone: null };
    } catch (error) {
      const problem = error instanceof MediaError ? error.problem : 'device';
      if (problem === 'missing' && this.chosen.microphone !== '') {
        // What was chosen is not there today: any other will do.
        this.chosen.microphone = '';
        return this.openMicrophone();
      }
      this.setMicrophone(null);
      this.problems = { ...this.problems, microphone: problem };
    }
  }

  private setCamera(track: MediaStreamTrack | null): void {
    end(this.camera);
    this.camera = this.closed || !this.cameraOn ? null : track;
    if (this.camera === null) end(track);
    else
      this.camera.onended = () => {
        if (this.camera !== track) return;
        this.camera = null;
        this.problems = { ...this.problems, camera: 'missing' };
        this.tell();
      };
  }

  private setMicrophone(track: MediaStreamTrack | null): void {
    end(this.microphone);
    this.microphone = this.closed ? null : track;
    if (this.microphone === null) end(track);
    else
      this.microphone.onended = () => {
        if (this.microphone !== track) return;
        // It was pulled out: another one may be there.
        this.chosen.microphone = '';
        void this.openMicrophone().then(this.tell);
      };
    this.meter.attach(this.microphone);
    this.applyMute();
  }

  private applyMute(): void {
    if (this.microphone !== null) this.microphone.enabled = this.pushToTalk ? this.pushed : !this.muted;
    this.tell();
  }

  private readonly onDevices = (): void => void this.read();

  private async read(): Promise<void> {
    const of = (kind: Parameters<typeof choices>[0]): Promise<Choice[]> => choices(kind).catch(() => []);
    [this.cameras, this.microphones, this.loudspeakers] = await Promise.all([of('videoinput'), of('audioinput'), of('audiooutput')]);
    this.tell();
  }
}

function end(track: MediaStreamTrack | null): void {
  if (track === null) return;
  track.onended = null;
  track.stop();
}

function media(): MediaDevices {
  const found = navigator.mediaDevices as MediaDevices | undefined;
  if (found === undefined) throw new MediaError('insecure');
  return found;
}

async function ask(constraints: MediaStreamConstraints): Promise<MediaStream> {
  try {
    return await media().getUserMedia(constraints);
  } catch (error) {
    throw error instanceof MediaError ? error : new MediaError(problemOf(error));
  }
}
