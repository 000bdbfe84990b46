/** `/studio`: from a camera to a live broadcast. */

import '../styles/base.css';
import '../styles/studio.css';
import '../parts/top';
import '../studio/go';
import '../studio/health';
import '../studio/sources';
import { Camera, CircleAlert, ExternalLink, Link, Monitor, VideoOff } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { copyText } from '../parts/copy';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { mark } from '../parts/mark';
import { clock } from '../lib/format';
import { Studio as Model } from '../studio/model';
import { texts } from '../texts';

const query = new URLSearchParams(window.location.search);

@customElement('fl-studio')
export class Studio extends PageElement {
  @state() private version = 0;
  @state() private copied = false;
  @state() private tab: 'health' | 'chat' = 'health';

  private readonly model = new Model(
    () => {
      this.version += 1;
    },
    query.get('codec') === 'vp8' ? 'vp8' : 'h264',
    query.has('countdown') ? Number(query.get('countdown')) : 3,
  );

  override connectedCallback(): void {
    super.connectedCallback();
    document.title = texts.studio.pageTitle;
    const channel = query.get('channel');
    if (channel !== null && this.model.channel === '') this.model.chooseChannel(channel, '');
    void this.model.start();
    window.addEventListener('beforeunload', this.beforeLeaving);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('beforeunload', this.beforeLeaving);
    this.model.stop();
  }

  private readonly beforeLeaving = (event: BeforeUnloadEvent): void => {
    // No good-bye is sent here: a reload comes back within the hold time, and viewers keep their broadcast.
    if (this.model.onAir) event.preventDefault();
  };

  protected override updated(_: PropertyValues<this>): void {
    const preview = this.querySelector('video');
    const track = this.model.video;
    const shown = preview?.srcObject instanceof MediaStream ? preview.srcObject.getVideoTracks()[0] : null;
    if (preview && (shown ?? null) !== track) preview.srcObject = track === null ? null : new MediaStream([track]);
  }

  protected override render(): TemplateResult {
    const { model, version } = this;
    return html`
      <fl-top here="studio"></fl-top>
      <main id="content" class="studio" tabindex="-1">
        <h1 class="hidden-text">${texts.studio.title}</h1>
        <div class="stage">
          ${this.preview()} ${this.problem()}
          <div class="under">
            <fl-go .studio=${model} .version=${version}></fl-go>
            ${model.onAir || model.phase === 'ended' ? this.links() : nothing}
          </div>
        </div>
        <fl-sources class="column" .studio=${model} .version=${version}></fl-sources>
        ${this.side(version)}
      </main>
    `;
  }

  /** How it is doing, and what is said to it. */
  private side(version: number): TemplateResult {
    const { model, tab, chat } = this;
    const words = texts.studio;
    const open = chat === '' ? 'health' : tab;
    if (open === 'chat') void import('../chat/beside');
    const label = (name: 'health' | 'chat', text: string): TemplateResult =>
      html`<button id=${`tab-${name}`} role="tab" type="button" aria-selected=${open === name} aria-controls=${`side-${name}`} tabindex=${open === name ? 0 : -1} @click=${() => (this.tab = name)}>${text}</button>`;
    return html`
      <div class="column side-column">
        ${chat === '' ? nothing : html`<div class="tabs" role="tablist" aria-label=${words.side} @keydown=${this.onTabKey}>${label('health', words.health.title)} ${label('chat', texts.chat.title)}</div>`}
        <fl-health id="side-health" role=${chat === '' ? nothing : 'tabpanel'} aria-labelledby=${chat === '' ? nothing : 'tab-health'} ?hidden=${open !== 'health'} .studio=${model} .version=${version}></fl-health>
        ${open === 'chat' ? html`<div id="side-chat" class="beside" role="tabpanel" aria-labelledby="tab-chat"><fl-chat .channel=${chat}></fl-chat></div>` : nothing}
      </div>
    `;
  }

  /** The channel whose chat is shown: one that is ours or on air, not what is being typed. */
  private get chat(): string {
    const { model } = this;
    const known = model.onAir || model.phase === 'ended' || (model.owned ?? []).some((channel) => channel.channel === model.channel);
    return known ? model.channel : '';
  }

  private readonly onTabKey = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    this.tab = this.tab === 'chat' ? 'health' : 'chat';
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('[role=tab][aria-selected=true]')?.focus());
  };

  private preview(): TemplateResult {
    const { model } = this;
    const words = texts.studio;
    const hidden = model.screen === null && model.camera !== null && !model.camera.enabled;
    return html`
      <div class=${`preview over-video ${model.onAir ? 'on' : ''}`}>
        <video class=${model.screen === null ? 'mirrored' : ''} autoplay muted playsinline aria-label=${words.previewLabel} .muted=${true}></video>
        ${model.phase === 'permission' || model.phase === 'asking' ? this.permission() : nothing}
        ${model.phase === 'ended' ? html`<div class="cover" role="status">${mark()}<h2>${words.ended.title}</h2><p class="numbers">${words.ended.body(clock(model.lasted))}</p></div>` : nothing}
        ${hidden ? html`<div class="cover">${icon(VideoOff)}<p>${words.sources.cameraHidden}</p></div>` : nothing}
        ${model.phase === 'countdown' ? html`<div class="cover big numbers" aria-hidden="true">${model.left + 1}</div>` : nothing}
        ${model.onAir ? html`<span class="badge live corner">${mark('live')}${texts.live}</span>` : nothing}
      </div>
    `;
  }

  private permission(): TemplateResult {
    const words = texts.studio.permission;
    const asking = this.model.phase === 'asking';
    return html`
      <div class="cover">
        ${mark(asking ? 'loading' : 'dim')}
        <h2>${words.title}</h2>
        <p role="status">${asking ? words.waiting : words.body}</p>
        ${asking
          ? nothing
          : html`<div class="choices">
              <button class="button primary large" type="button" @click=${() => void this.model.allow()}>${icon(Camera)}${words.allow}</button>
              <button class="button large" type="button" @click=${() => void this.model.toggleScreen()}>${icon(Monitor)}${words.screen}</button>
            </div>`}
      </div>
    `;
  }

  private problem(): TemplateResult | typeof nothing {
    const { problem } = this.model;
    if (problem === null) return nothing;
    const words = texts.studio.errors[problem.kind];
    const error = 'error' in problem ? problem.error : null;
    return html`
      <div class="notice bad" role="alert" data-problem=${problem.kind}>
        ${icon(CircleAlert)}
        <div class="said">
          <strong>${words.title}</strong>
          <span>${words.body}${problem.kind === 'refused' && error ? ` ${error.message}` : ''}</span>
          ${error ? html`<span class="code-line">${texts.code} <code>${error.code}</code></span>` : nothing}
        </div>
      </div>
    `;
  }

  private links(): TemplateResult {
    const path = `/watch/${this.model.channel}`;
    return html`
      <p class="links">
        <a class="button quiet" href=${path} target="_blank" rel="noopener">${icon(ExternalLink)}${texts.studio.watch}</a>
        <button class="button quiet" type="button" @click=${() => this.copy(path)}>${icon(Link)}${this.copied ? texts.copied : texts.studio.copyLink}</button>
      </p>
    `;
  }

  private async copy(path: string): Promise<void> {
    this.copied = await copyText(new URL(path, window.location.href).href);
    window.setTimeout(() => {
      this.copied = false;
    }, 2000);
  }
}
