/** Before a call: what camera, microphone and loudspeaker do, and under which name one comes. Nothing is sent yet. */

import { CircleAlert, Mic, MicOff, ShieldCheck, Video, VideoOff, Volume2 } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { Account, CallPreview } from '../lib/rest';
import { recall, remember } from '../lib/storage';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import type { Choice } from '../studio/media';
import type { Devices } from './devices';
import './picture';
import { words as all } from './texts';

const words = all.check;
const LONGEST_NAME = 64;

/** The choice of one device. */
export function deviceField(label: string, none: string, choices: readonly Choice[], chosen: string, choose: (id: string) => void): TemplateResult {
  return html`<label class="field"
    ><span>${label}</span>
    <select ?disabled=${choices.length === 0} @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      ${choices.length === 0 ? html`<option value="">${none}</option>` : choices.map((choice) => html`<option value=${choice.id} .selected=${choice.id === chosen}>${choice.label}</option>`)}
    </select></label
  >`;
}

/** Two soft notes on the chosen loudspeaker. */
export async function playNotes(loudspeaker: string): Promise<void> {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  const gain = new GainNode(context, { gain: 0.15 });
  gain.connect(out);
  [523, 659].forEach((frequency, index) => {
    const note = new OscillatorNode(context, { frequency });
    note.connect(gain);
    note.start(context.currentTime + index * 0.35);
    note.stop(context.currentTime + index * 0.35 + 0.3);
  });
  const audio = new Audio();
  audio.srcObject = out.stream;
  if (loudspeaker !== '' && 'setSinkId' in audio) await audio.setSinkId(loudspeaker).catch(() => undefined);
  await audio.play().catch(() => undefined);
  window.setTimeout(() => {
    audio.srcObject = null;
    void context.close();
  }, 1500);
}

/** A bar that follows a level sixty times a second, past Lit. */
@customElement('fl-call-level')
export class CallLevel extends PageElement {
  @property({ attribute: false }) level: () => number = () => 0;
  private frame = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    const draw = (): void => {
      this.querySelector<HTMLElement>('.meter')?.style.setProperty('--level', this.level().toFixed(3));
      this.frame = requestAnimationFrame(draw);
    };
    this.frame = requestAnimationFrame(draw);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.frame);
  }

  protected override render(): TemplateResult {
    return html`<div class="meter" role="img" aria-label=${words.level}><i></i></div>`;
  }
}

@customElement('fl-call-check')
export class CallCheck extends PageElement {
  @property({ attribute: false }) devices!: Devices;
  @property({ attribute: false }) looked!: CallPreview;
  @property({ attribute: false }) account: Account | null = null;
  @property({ attribute: false }) join: (guest: string) => void = () => undefined;
  /** Why the last try was refused, in words. */
  @property() problem = '';
  /** Grows whenever something of the devices changed. */
  @property({ type: Number }) version = 0;
  @state() private played = false;
  @query('input[name=guest]') private guest!: HTMLInputElement | null;

  protected override render(): TemplateResult {
    const { devices, looked } = this;
    return html`<div class="call-check">
      <div class="check-preview">${this.preview()}</div>
      <form class="panel" @submit=${this.onSubmit}>
        <div>
          <h1>${looked.title === '' ? words.title : looked.title}</h1>
          <p class="help">${all.call.by(looked.host.shown)}</p>
        </div>
        ${this.problem === '' ? nothing : html`<p class="notice bad" role="alert">${icon(CircleAlert)}<span class="said">${this.problem}</span></p>`}
        ${looked.locked ? html`<p class="notice warn" role="status">${icon(CircleAlert)}<span class="said">${words.locked}</span></p>` : nothing}
        ${this.account === null ? this.nameField() : nothing}
        ${deviceField(words.camera, words.noCamera, devices.cameras, idOf(devices.camera), (id) => void devices.chooseCamera(id))}
        <div class="field">
          ${deviceField(words.microphone, words.noMicrophone, devices.microphones, idOf(devices.microphone), (id) => void devices.chooseMicrophone(id))}
          <fl-call-level .level=${() => devices.level()}></fl-call-level>
        </div>
        <div class="with-button">
          ${deviceField(words.loudspeaker, words.system, devices.loudspeakers, devices.loudspeaker, (id) => devices.chooseLoudspeaker(id))}
          <button class="button" type="button" @click=${this.onPlay}>${icon(Volume2)}${words.test}</button>
        </div>
        <span class="hidden-text" role="status">${this.played ? words.tested : ''}</span>
        <button class="button primary wide" type="submit" ?disabled=${devices.opening}>${looked.lobby ? words.knock : words.join}</button>
        <p class="help with-icon">${icon(ShieldCheck)}${words.private} ${looked.lobby ? words.lobby : nothing}</p>
      </form>
    </div>`;
  }

  private nameField(): TemplateResult {
    const here = window.location.pathname + window.location.hash;
    return html`<div class="field">
      <label for="guest-name">${words.name}</label>
      <input id="guest-name" name="guest" required maxlength=${LONGEST_NAME} autocomplete="name" .value=${recall('calls.name') ?? ''} aria-describedby="guest-help" />
      <span id="guest-help" class="help">${words.nameHelp} <a href=${`/signin?next=${encodeURIComponent(here)}`}>${words.signIn}</a></span>
    </div>`;
  }

  private preview(): TemplateResult {
    const { devices } = this;
    const problem = devices.problems.camera ?? devices.problems.microphone;
    return html`<div class="preview over-video">
        ${devices.camera === null ? nothing : html`<fl-call-picture .track=${devices.camera} mirrored label=${words.preview}></fl-call-picture>`}
        ${devices.opening ? html`<div class="cover" role="status"><p>${words.asking}</p></div>` : devices.camera === null ? html`<div class="cover">${icon(VideoOff)}<p>${words.off}</p></div>` : nothing}
        <div class="check-switches">
          <button class=${`button round ${devices.muted ? 'off' : ''}`} type="button" ?disabled=${devices.microphone === null} aria-label=${devices.muted ? all.bar.unmute : all.bar.mute} title=${devices.muted ? all.bar.unmute : all.bar.mute} @click=${() => devices.mute(!devices.muted)}>${icon(devices.muted || devices.microphone === null ? MicOff : Mic)}</button>
          <button class=${`button round ${devices.camera === null ? 'off' : ''}`} type="button" ?disabled=${devices.opening} aria-label=${devices.camera === null ? all.bar.cameraOn : all.bar.cameraOff} title=${devices.camera === null ? all.bar.cameraOn : all.bar.cameraOff} @click=${() => void devices.turnCamera(devices.camera === null)}>${icon(devices.camera === null ? VideoOff : Video)}</button>
        </div>
      </div>
      ${problem === null || devices.opening
        ? nothing
        : html`<div class="notice warn" role="alert" data-problem=${problem}>${icon(CircleAlert)}<div class="said"><strong>${words.problems[problem].title}</strong><span>${words.problems[problem].body}</span></div><button class="button small" type="button" @click=${() => void devices.start()}>${words.allow}</button></div>`}`;
  }

  private readonly onPlay = async (): Promise<void> => {
    this.played = false;
    await playNotes(this.devices.loudspeaker);
    this.played = true;
  };

  private readonly onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const name = this.guest?.value.trim() ?? '';
    if (this.account === null) {
      if (name === '') return this.guest?.focus();
      remember('calls.name', name);
    }
    this.join(name);
  };
}

function idOf(track: MediaStreamTrack | null): string {
  return track?.getSettings().deviceId ?? '';
}
