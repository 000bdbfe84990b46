/** In the composer's place when we can't write: why, and the way out. */

import { Ban, Clock, Lock, TriangleAlert } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Modes, You } from '../lib/frames';
import { askToSignIn, returnPath } from '../lib/session';
import { icon } from '../parts/icon';
import '../people/follow';
import './appeal';
import { FormElement } from '../people/form';
import { texts } from '../texts';
import { reason, span } from './words';

const words = texts.chat.reasons;

@customElement('fl-chat-silenced')
export class Silenced extends FormElement {
  @property() channel = '';
  @property({ attribute: false }) you!: You;
  @property({ attribute: false }) modes!: Modes;
  /** Seconds of a timeout that are left. */
  @property({ type: Number }) left = 0;
  @property({ attribute: false }) acknowledge: () => void = () => undefined;
  @property({ attribute: false }) again: () => void = () => undefined;

  protected override render(): TemplateResult {
    const { you } = this;
    const node = you.refused === 'warning_pending' ? TriangleAlert : you.refused === 'chat_banned' ? Ban : you.refused === 'chat_muted' ? Clock : Lock;
    return html`
      <div class=${you.refused === 'warning_pending' ? 'silenced warn' : 'silenced'} data-code=${you.refused}>
        <p role="status">
          ${icon(node)}<span>${reason(you, this.modes)} ${you.refused === 'warning_pending' ? html`<strong><bdi>${you.warning}</bdi></strong>` : nothing}
            ${you.refused === 'chat_muted' && you.muted_for ? html`<bdi>${words.because(you.muted_for)}</bdi>` : nothing}</span>
        </p>
        ${you.refused === 'chat_muted' && this.left > 0 ? html`<p class="numbers left">${words.until(span(this.left))}</p>` : nothing} ${this.said()} ${this.wayOut()}
      </div>
    `;
  }

  private wayOut(): TemplateResult | typeof nothing {
    switch (this.you.refused) {
      case 'sign_in_required': {
        const here = window.location.pathname + window.location.search;
        const next = encodeURIComponent(returnPath(`next=${encodeURIComponent(here)}`, '/'));
        // Another site's frame has no session of ours, and our pages do not open in it.
        if (window.self !== window.top) return html`<p class="ways"><a class="button" href=${`/watch/${this.channel}`} target="_blank" rel="noopener">${texts.embed.open}</a></p>`;
        return html`<p class="ways">
          <button class="button primary" type="button" @click=${askToSignIn}>${words.signIn}</button>
          <a class="button quiet" href=${`/signup?next=${next}`}>${words.signUp}</a>
        </p>`;
      }
      case 'followers_only':
        return html`<p class="ways"><fl-follow .channel=${this.channel} @followed=${this.again}></fl-follow></p>`;
      case 'verified_only':
        return html`<p class="ways"><a class="button" href="/account">${words.verify}</a></p>`;
      case 'chat_banned':
        return html`<fl-chat-appeal .channel=${this.channel}></fl-chat-appeal>`;
      case 'warning_pending':
        return html`<p class="ways"><button class="button primary" type="button" @click=${this.acknowledge}>${words.read}</button></p>`;
      default:
        return nothing;
    }
  }
}
