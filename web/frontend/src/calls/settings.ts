/** Devices and what is done to picture and sound, during a call. */

import { Volume2 } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { deviceField, playNotes } from './check';
import { HEIGHTS, TREATMENTS, type Devices } from './devices';
import { words as all } from './texts';

const words = all.settings;

@customElement('fl-call-settings')
export class CallSettings extends PageElement {
  @property({ attribute: false }) devices!: Devices;
  @property({ type: Number }) version = 0;

  protected override render(): TemplateResult {
    const { devices } = this;
    const checked = (event: Event): boolean => (event.target as HTMLInputElement).checked;
    const id = (track: MediaStreamTrack | null): string => track?.getSettings().deviceId ?? '';
    return html`<div class="call-settings">
      <h3>${words.picture}</h3>
      ${deviceField(all.check.camera, all.check.noCamera, devices.cameras, id(devices.camera), (chosen) => void devices.chooseCamera(chosen))}
      <label class="field"><span>${words.size}</span><select @change=${(event: Event) => void devices.chooseHeight(Number((event.target as HTMLSelectElement).value))}>${HEIGHTS.map((height) => html`<option value=${height} .selected=${height === devices.height}>${words.sizes[height]}</option>`)}</select></label>
      ${devices.blurred === null ? nothing : html`<label class="check"><input type="checkbox" .checked=${devices.blurred} @change=${(event: Event) => void devices.blurBackground(checked(event))} />${words.blur}</label>`}
      <h3>${words.sound}</h3>
      ${deviceField(all.check.microphone, all.check.noMicrophone, devices.microphones, id(devices.microphone), (chosen) => void devices.chooseMicrophone(chosen))}
      <fl-call-level .level=${() => devices.level()}></fl-call-level>
      ${deviceField(all.check.loudspeaker, all.check.system, devices.loudspeakers, devices.loudspeaker, (chosen) => devices.chooseLoudspeaker(chosen))}
      <button class="button small" type="button" @click=${() => void playNotes(devices.loudspeaker)}>${icon(Volume2)}${all.check.test}</button>
      <label class="check"><input type="checkbox" .checked=${devices.pushToTalk} @change=${(event: Event) => devices.choosePushToTalk(checked(event))} />${words.push}</label>
      ${TREATMENTS.map((treatment) => html`<label class="check"><input type="checkbox" .checked=${devices.treatments[treatment]} @change=${(event: Event) => void devices.treat(treatment, checked(event))} />${words[treatment]}</label>`)}
    </div>`;
  }
}
