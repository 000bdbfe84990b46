/** The one large control: go live, wait, be live, end. Ending takes a held press, or a confirmed one for those who can't hold. */

import { Radio, Square } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { clock } from '../lib/format';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { mark } from '../parts/mark';
import { texts } from '../texts';
import type { Studio } from './model';

const HOLD_MS = 1000;

@customElement('fl-go')
export class Go extends PageElement {
  @property({ attribute: false }) studio!: Studio;
  @property({ type: Number }) version = 0;
  @state() private now = Date.now();
  @state() private holding = false;

  @query('dialog') private dialog!: HTMLDialogElement;
  private ticker = 0;
  private holdTimer = 0;
  private pressed = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.ticker = window.setInterval(() => {
      this.now = Date.now();
    }, 500);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearInterval(this.ticker);
  }

  protected override render(): TemplateResult {
    return html`<div class="go" data-phase=${this.studio.phase}>${this.control()}</div>
      ${this.confirm()}`;
  }

  private control(): TemplateResult {
    const { studio } = this;
    const words = texts.studio.go;
    switch (studio.phase) {
      case 'countdown':
        return html`<p class="count numbers" role="timer" aria-live="assertive">${words.countdown(studio.left + 1)}</p><button class="button huge" type="button" @click=${() => studio.cancel()}>${words.cancel}</button>`;
      case 'connecting':
        return html`<p class="count" role="status">${mark('loading')}${words.connecting}</p><button class="button huge" type="button" @click=${() => studio.cancel()}>${words.cancel}</button>`;
      case 'live':
      case 'reconnecting':
        return html`
          <p class=${`on-air ${studio.phase}`}>
            ${mark(studio.phase === 'live' ? 'live' : 'loading')}
            <span role="status">${studio.phase === 'live' ? words.onAir : words.reconnecting}</span>
            <time class="numbers" role="timer" aria-live="off">${clock((this.now - studio.startedAt) / 1000, true)}</time>
          </p>
          <button
            class=${`button huge hold ${this.holding ? 'holding' : ''}`}
            type="button"
            @pointerdown=${this.press}
            @pointerup=${this.release}
            @pointerleave=${this.release}
            @pointercancel=${this.release}
            @keydown=${this.onKeyDown}
            @keyup=${this.release}
            @blur=${this.release}
            @click=${this.onClick}
            @contextmenu=${(event: Event) => event.preventDefault()}
          >
            ${icon(Square)}${this.holding ? words.ending : words.end}
          </button>
        `;
      default: {
        const able = studio.ready && (studio.phase === 'ready' || studio.phase === 'ended');
        return html`
          <button class="button primary huge" type="button" ?disabled=${!able} aria-describedby="go-help" @click=${() => studio.go()}>
            ${icon(Radio)}${studio.cutOff ? words.back : studio.phase === 'ended' ? words.again : words.live}
          </button>
          ${studio.cutOff ? html`<p class="help" role="status">${words.cutOff}</p>` : nothing}
          <p id="go-help" class="help">${this.missing()}</p>
        `;
      }
    }
  }

  private missing(): string {
    const { studio } = this;
    if (studio.pasting && (studio.channel === '' || studio.key === '')) return texts.studio.channel.needed;
    return studio.ready || studio.channel === '' ? '' : texts.people.studio.needed;
  }

  private confirm(): TemplateResult {
    const words = texts.studio.confirmEnd;
    return html`
      <dialog aria-labelledby="end-title">
        <h2 id="end-title">${words.title}</h2>
        <p>${words.body}</p>
        <form method="dialog" class="row">
          <button class="button">${words.no}</button>
          <button class="button primary" @click=${() => this.studio.end()}>${words.yes}</button>
        </form>
      </dialog>
    `;
  }

  private readonly press = (): void => {
    this.pressed = true;
    this.holding = true;
    window.clearTimeout(this.holdTimer);
    this.holdTimer = window.setTimeout(() => {
      this.holding = false;
      this.studio.end();
    }, HOLD_MS);
  };

  private readonly release = (): void => {
    window.clearTimeout(this.holdTimer);
    this.holding = false;
  };

  private onKeyDown(event: KeyboardEvent): void {
    if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) this.press();
    if (event.key === ' ' || event.key === 'Enter') event.preventDefault();
  }

  private onClick(): void {
    // Assistive programs click without pressing: they get the question instead of the hold.
    if (!this.pressed) this.dialog.showModal();
    this.pressed = false;
  }
}
