/** Left column: what is sent, how big, and to which channel. */

import { Eye, EyeOff, Mic, MicOff, Monitor, MonitorX, Video, VideoOff } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { bitrate } from '../lib/format';
import type { Channel } from '../lib/rest';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import type { Choice } from './media';
import { share } from './meter';
import type { Studio } from './model';
import { BITRATES, SIZES } from './sizes';

const CHANNEL_NAME = '[a-z0-9]([a-z0-9_\\-]{0,30}[a-z0-9])?';

@customElement('fl-sources')
export class Sources extends PageElement {
  @property({ attribute: false }) studio!: Studio;
  /** Changes whenever the studio did, so that this draws again. */
  @property({ type: Number }) version = 0;
  @state() private showKey = false;

  @query('.meter') private meter: HTMLElement | null | undefined;
  private frame = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    const draw = (): void => {
      // Drawn past Lit: sixty times a second is too often to render a page.
      const level = this.studio.microphone?.enabled ? share(this.studio.meter.level()) : 0;
      this.meter?.style.setProperty('--level', level.toFixed(3));
      this.frame = requestAnimationFrame(draw);
    };
    this.frame = requestAnimationFrame(draw);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.frame);
  }

  protected override render(): TemplateResult {
    const { studio } = this;
    const words = texts.studio;
    const asked = studio.phase !== 'permission' && studio.phase !== 'asking';
    return html`
      <section class="panel" aria-labelledby="channel-title">
        <h2 id="channel-title">${words.channel.title}</h2>
        ${studio.pasting ? this.keyFields() : this.ownChannels(studio.owned ?? [])}
        ${studio.owned === null || studio.busy
          ? nothing
          : html`<button class="button quiet small" type="button" @click=${() => studio.switchCredential()}>${studio.withKey ? texts.people.studio.withSession : texts.people.studio.withKey}</button>`}
      </section>
      <section class="panel" aria-labelledby="sources-title">
        <h2 id="sources-title">${words.sources.title}</h2>
        ${this.device(words.sources.camera, words.sources.noCamera, studio.cameras, studio.camera, (id) => void studio.chooseCamera(id), !asked, [Video, VideoOff], words.sources.hideCamera, words.sources.showCamera)}
        ${this.device(words.sources.microphone, words.sources.noMicrophone, studio.microphones, studio.microphone, (id) => void studio.chooseMicrophone(id), !asked, [Mic, MicOff], words.sources.muteMicrophone, words.sources.unmuteMicrophone)}
        <div class="meter" role="img" aria-label=${words.sources.level}><i></i></div>
        <button class="button wide" type="button" aria-pressed=${studio.screen !== null} @click=${() => void studio.toggleScreen()}>
          ${icon(studio.screen ? MonitorX : Monitor)}${studio.screen ? words.sources.stopScreen : words.sources.shareScreen}
        </button>
      </section>
      <section class="panel" aria-labelledby="picture-title">
        <h2 id="picture-title">${words.picture.title}</h2>
        <div class="pair">
          <label class="field"
            ><span>${words.picture.size}</span>
            <select @change=${(event: Event) => void studio.chooseSize(Number(valueOf(event)))}>
              ${SIZES.map((size) => html`<option value=${size.height} ?selected=${size.height === studio.height}>${{ 1080: words.picture.size1080, 720: words.picture.size720, 540: words.picture.size540 }[size.height] ?? words.picture.size360}</option>`)}
            </select></label
          >
          <label class="field"
            ><span>${words.picture.bitrate}</span>
            <select class="numbers" @change=${(event: Event) => void studio.chooseBitrate(Number(valueOf(event)))}>
              ${BITRATES.map((rate) => html`<option value=${rate} ?selected=${rate === studio.maxBitrate}>${bitrate(rate)}</option>`)}
            </select></label
          >
        </div>
      </section>
    `;
  }

  private ownChannels(channels: readonly Channel[]): TemplateResult {
    const { studio } = this;
    if (channels.length === 0) return html`<p class="help">${texts.people.studio.none} <a href="/dashboard">${texts.people.studio.create}</a></p>`;
    return html`
      <label class="field"
        ><span>${texts.studio.channel.title}</span>
        <select name="own" ?disabled=${studio.busy} @change=${(event: Event) => studio.chooseChannel(valueOf(event), '')}>
          ${channels.map((channel) => html`<option value=${channel.channel} .selected=${channel.channel === studio.channel}>${channel.title || channel.channel}</option>`)}
        </select></label
      >
    `;
  }

  private keyFields(): TemplateResult {
    const { studio } = this;
    const words = texts.studio.channel;
    const wrong = studio.problem?.kind === 'key';
    return html`
      <form @submit=${(event: Event) => event.preventDefault()} autocomplete="off">
        <label class="field"
          ><span>${words.name}</span>
          <input name="channel" .value=${studio.channel} ?disabled=${studio.busy} pattern=${CHANNEL_NAME} title=${words.nameRule} maxlength="32" autocapitalize="none" spellcheck="false" aria-invalid=${wrong} @input=${this.onChannel} />
        </label>
        <div class="field">
          <label for="stream-key">${words.key}</label>
          <div class="with-button">
            <input
              id="stream-key"
              name="key"
              type=${this.showKey ? 'text' : 'password'}
              .value=${studio.key}
              ?disabled=${studio.busy}
              autocomplete="off"
              autocapitalize="none"
              spellcheck="false"
              aria-invalid=${wrong}
              aria-describedby="key-privacy"
              @input=${this.onChannel}
            />
            <button class="button quiet square" type="button" aria-pressed=${this.showKey} aria-label=${this.showKey ? words.hide : words.show} @click=${() => (this.showKey = !this.showKey)}>${icon(this.showKey ? EyeOff : Eye)}</button>
          </div>
        </div>
        <p id="key-privacy" class="help">${words.privacy}</p>
        ${studio.channel === '' || studio.key === '' ? html`<p class="help">${words.help} <code>fanlight channel create NAME</code></p>` : nothing}
      </form>
    `;
  }

  private device(
    label: string,
    none: string,
    choices: readonly Choice[],
    track: MediaStreamTrack | null,
    choose: (id: string) => void,
    disabled: boolean,
    icons: readonly [typeof Video, typeof Video],
    off: string,
    on: string,
  ): TemplateResult {
    const chosen = track?.getSettings().deviceId ?? '';
    const enabled = track?.enabled ?? false;
    return html`
      <div class="with-button device">
        <label class="field"
          ><span>${label}</span>
          <select ?disabled=${disabled} @change=${(event: Event) => choose(valueOf(event))}>
            ${choices.map((choice) => html`<option value=${choice.id} .selected=${choice.id === chosen}>${choice.label}</option>`)}
            <option value="" .selected=${track === null}>${none}</option>
          </select>
        </label>
        <button class=${`button square ${enabled || track === null ? '' : 'off'}`} type="button" ?disabled=${track === null} aria-label=${enabled || track === null ? off : on} @click=${() => this.studio.toggle(track)}>
          ${icon(enabled || track === null ? icons[0] : icons[1])}
        </button>
      </div>
    `;
  }

  private onChannel(event: Event): void {
    const form = (event.target as HTMLInputElement).form;
    const value = (name: string): string => (form?.elements.namedItem(name) as HTMLInputElement | null)?.value ?? '';
    this.studio.chooseChannel(value('channel'), value('key'));
  }
}

function valueOf(event: Event): string {
  return (event.target as HTMLSelectElement).value;
}
