/** What a message's link leads to, in words the server looked up. As high while it is looked up as it is then: nothing moves that somebody reads. */

import '../styles/chat-preview.css';
import { X } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Preview } from '../lib/rest';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import { dismiss, dismissed, lookedUp, lookUp } from './links-known';

const words = texts.chat.preview;
/** What only scrolls past is not asked for. Milliseconds. */
const DWELL_MS = 400;

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) (target as LinkPreview).visible(isIntersecting);
});

@customElement('fl-link-preview')
export class LinkPreview extends PageElement {
  @property() channel = '';
  @property() href = '';
  @property() host = '';
  /** undefined until it is looked up, null where there is nothing to show. */
  @state() private found: Preview | null | undefined = undefined;
  /** Its place is kept though there is nothing to show. */
  @state() private kept = false;
  private dwell = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    seen.unobserve(this);
    window.clearTimeout(this.dwell);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('href') || changed.has('channel')) {
      this.kept = false;
      this.found = dismissed(this.href) ? null : lookedUp(this.channel, this.href);
      if (this.found === undefined) seen.observe(this);
    }
    this.toggleAttribute('hidden', this.found === null && !this.kept);
  }

  visible(is: boolean): void {
    window.clearTimeout(this.dwell);
    if (is) this.dwell = window.setTimeout(() => void this.look(), DWELL_MS);
  }

  private async look(): Promise<void> {
    const { href } = this;
    seen.unobserve(this);
    const found = await lookUp(this.channel, href);
    if (href !== this.href) return;
    // Somebody who reads back keeps their place; where the newest is followed, everything moves anyway.
    this.kept = found === null && this.closest('[data-back]') !== null;
    this.found = found;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { found, href, host } = this;
    if (found === null) return nothing;
    if (found === undefined) return html`<div class="preview" aria-hidden="true"><div class="skeleton line short"></div><div class="skeleton line"></div></div>`;
    return html`<div class="preview">
      <a href=${href} target="_blank" rel="noopener noreferrer nofollow ugc" tabindex="-1" title=${found.description || nothing}><bdi>${found.title}</bdi></a>
      <small>${found.site && found.site !== host ? html`<bdi>${found.site}</bdi> · ` : nothing}<span dir="ltr">${host}</span></small>
      <button class="button quiet square" type="button" tabindex="-1" aria-label=${words.close} title=${words.close} @click=${this.close}>${icon(X)}</button>
    </div>`;
  }

  private readonly close = (): void => {
    dismiss(this.href);
    this.kept = false;
    this.found = null;
  };
}

export function linkPreview(channel: string, href: string, host: string): TemplateResult {
  return html`<fl-link-preview .channel=${channel} .href=${href} .host=${host}></fl-link-preview>`;
}
