/** The controls at the bottom of a call. */

import { Hand, Keyboard, MessageSquare, Mic, MicOff, MonitorUp, MonitorX, PhoneOff, PictureInPicture2, Settings, Users, Video, VideoOff } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import type { CallSession } from './session';
import { words as all } from './texts';

const words = all.bar;
export type Panel = '' | 'chat' | 'people' | 'settings';

@customElement('fl-call-bar')
export class CallBar extends PageElement {
  @property({ attribute: false }) session!: CallSession;
  @property({ type: Number }) version = 0;
  @property() panel: Panel = '';
  @property({ attribute: false }) open: (panel: Panel) => void = () => undefined;
  @property({ attribute: false }) act: (what: 'small' | 'keys' | 'leave') => void = () => undefined;

  protected override render(): TemplateResult {
    const { devices, call, hand } = this.session;
    const silent = !devices.open;
    const shares = devices.screen !== null;
    const small = document.pictureInPictureEnabled;
    return html`<div class="bar" role="toolbar" aria-label=${words.label}>
      ${devices.pushToTalk
        ? html`<button class=${`button round ${silent ? 'off' : ''}`} type="button" data-does="talk" aria-label=${words.talk} title=${words.talk} aria-pressed=${devices.pushed} ?disabled=${devices.microphone === null} @pointerdown=${() => devices.push(true)} @pointerup=${() => devices.push(false)} @pointercancel=${() => devices.push(false)} @pointerleave=${() => devices.push(false)} @keydown=${this.onTalkKey} @keyup=${() => devices.push(false)} @blur=${() => devices.push(false)}>${icon(silent ? MicOff : Mic)}</button>`
        : this.button('mute', silent ? words.unmute : words.mute, silent ? MicOff : Mic, () => devices.mute(!devices.muted), silent ? 'off' : '', devices.microphone === null, 'M')}
      ${this.button('camera', devices.camera === null ? words.cameraOn : words.cameraOff, devices.camera === null ? VideoOff : Video, () => void devices.turnCamera(devices.camera === null), devices.camera === null ? 'off' : '', false, 'V')}
      ${this.button('share', shares ? words.unshare : words.share, shares ? MonitorX : MonitorUp, () => void devices.shareScreen(!shares), shares ? 'on' : '', !('getDisplayMedia' in (navigator.mediaDevices ?? {})), 'S')}
      ${this.button('hand', hand ? words.handDown : words.hand, Hand, () => this.session.raiseHand(!hand), hand ? 'on' : '', false, 'H')}
      <span class="gap"></span>
      ${this.toggle('chat', words.chat(call.unread), MessageSquare, call.unread, 'C')} ${this.toggle('people', words.people(call.knocks.length), Users, call.knocks.length, 'P')} ${this.toggle('settings', words.settings, Settings, 0, '')}
      ${small ? html`<button class="button round only-wide" type="button" aria-label=${words.small} title=${words.small} @click=${() => this.act('small')}>${icon(PictureInPicture2)}</button>` : nothing}
      <button class="button round only-wide" type="button" aria-label=${words.keys} title=${words.keys} aria-keyshortcuts="?" @click=${() => this.act('keys')}>${icon(Keyboard)}</button>
      <span class="gap"></span>
      <button class="button leave" type="button" aria-label=${words.leave} title=${words.leave} @click=${() => this.act('leave')}>${icon(PhoneOff)}<span class="wide-words">${words.leave}</span></button>
    </div>`;
  }

  private button(does: string, label: string, node: typeof Mic, press: () => void, look: string, disabled: boolean, key: string): TemplateResult {
    return html`<button class=${`button round ${look}`} type="button" data-does=${does} aria-label=${label} title=${`${label} (${key})`} aria-keyshortcuts=${key} ?disabled=${disabled} @click=${press}>${icon(node)}</button>`;
  }

  private toggle(panel: Panel, label: string, node: typeof Mic, count: number, key: string): TemplateResult {
    const open = this.panel === panel;
    return html`<button class=${`button round ${open ? 'on' : ''}`} type="button" data-panel=${panel} aria-label=${label} title=${key === '' ? label : `${label} (${key})`} aria-expanded=${open} aria-controls="call-side" aria-keyshortcuts=${key === '' ? nothing : key} @click=${() => this.open(open ? '' : panel)}>${icon(node)}${count > 0 ? html`<span class="unread" aria-hidden="true">${count}</span>` : nothing}</button>`;
  }

  private readonly onTalkKey = (event: KeyboardEvent): void => {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (!event.repeat) this.session.devices.push(true);
  };
}
