/** The latency badge: glass to glass, and on a press how it is made up. */

import { Gauge } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Latency } from '../lib/rest';
import { seconds } from '../lib/format';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import type { LatencyParts } from './playback';

@customElement('fl-latency')
export class LatencyBadge extends PageElement {
  @property({ attribute: false }) parts: LatencyParts | null = null;
  @property({ attribute: false }) others: Latency | null = null;
  @property({ type: Number }) errorMs = 0;
  @state() private open = false;

  protected override render(): TemplateResult {
    const words = texts.player.latency;
    const value = this.parts === null ? words.unknown : seconds(this.parts.total);
    return html`
      <div class="latency" @keydown=${this.onKey}>
        <button class="button quiet numbers" type="button" aria-expanded=${this.open} aria-controls="latency-parts" aria-label=${words.label(value)} @click=${this.turn}>
          ${icon(Gauge)}<span class="latency-value">${value}</span>
        </button>
        <div id="latency-parts" class="latency-parts" ?hidden=${!this.open}>${this.open ? this.details() : nothing}</div>
      </div>
    `;
  }

  private details(): TemplateResult {
    const words = texts.player.latency;
    if (this.parts === null) return html`<p>${words.unknown}</p>`;
    const { total, travel, buffer } = this.parts;
    const share = Math.round((travel / Math.max(0.001, travel + buffer)) * 100);
    return html`
      <h2>${words.title}</h2>
      <svg class="latency-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="travel" x="0" y="0" width=${share} height="6" />
        <rect class="buffer" x=${share} y="0" width=${100 - share} height="6" />
      </svg>
      <dl class="numbers">
        <div><dt><i class="travel"></i>${words.travel}<small>${words.travelHelp}</small></dt><dd>${seconds(travel)}</dd></div>
        <div><dt><i class="buffer"></i>${words.buffer}<small>${words.bufferHelp}</small></dt><dd>${seconds(buffer)}</dd></div>
        <div class="sum"><dt>${words.total}</dt><dd>${seconds(total)}</dd></div>
      </dl>
      ${this.others && this.others.players > 1
        ? html`<p class="numbers">${words.others(seconds(this.others.p50_ms / 1000), seconds(this.others.p95_ms / 1000))}</p>`
        : nothing}
      <p class="small numbers">${words.accuracy(this.errorMs < 1 ? '1' : String(Math.ceil(this.errorMs)))}</p>
    `;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('pointerdown', this.onOutside);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('pointerdown', this.onOutside);
  }

  private readonly onOutside = (event: Event): void => {
    if (this.open && !this.contains(event.target as Node)) this.open = false;
  };

  private turn(): void {
    this.open = !this.open;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.open) {
      this.open = false;
      event.stopPropagation();
      this.querySelector('button')?.focus();
    }
  }
}
