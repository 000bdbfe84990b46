/** Right column: one sentence, then the numbers behind it. */

import { Activity } from 'lucide';
import { html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { bitrate, count, percent, seconds } from '../lib/format';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { sparkline } from '../parts/sparkline';
import { texts } from '../texts';
import { advise, type Advice } from './coach';
import type { Studio } from './model';

@customElement('fl-health')
export class Health extends PageElement {
  @property({ attribute: false }) studio!: Studio;
  @property({ type: Number }) version = 0;

  protected override render(): TemplateResult {
    const words = texts.studio.health;
    const advice = this.studio.onAir ? this.advice() : null;
    return html`
      <section class="panel" aria-labelledby="health-title">
        <h2 id="health-title">${words.title}</h2>
        <p class=${`coach ${advice?.level ?? 'idle'}`} role="status">${icon(Activity)}<span>${advice?.text ?? words.idle}</span></p>
        <dl class="numbers rows">${this.rows()}</dl>
      </section>
    `;
  }

  private advice(): Advice {
    const { studio } = this;
    const { microphone } = studio;
    return advise({
      reconnecting: studio.phase === 'reconnecting',
      liveSeconds: (Date.now() - studio.startedAt) / 1000,
      numbers: studio.numbers,
      height: studio.height,
      maxBitrate: studio.maxBitrate,
      hasVideo: studio.video !== null,
      microphone: microphone === null ? 'none' : !microphone.enabled ? 'muted' : studio.meter.silent ? 'silent' : 'heard',
    });
  }

  private rows(): TemplateResult[] {
    const { numbers, server, history } = this.studio;
    const words = texts.studio.health;
    const none = words.unknown;
    const picture = numbers && numbers.height > 0 ? `${numbers.width}×${numbers.height} · ${Math.round(numbers.frameRate)} fps` : none;
    return [
      row('bitrate', words.bitrate, numbers ? bitrate(numbers.bitrate) : none, history.bitrate),
      row('picture', words.picture, picture, history.frameRate),
      row('loss', words.loss, numbers ? percent(numbers.lossShare) : none, history.loss),
      row('rtt', words.rtt, numbers ? `${Math.round(numbers.rttMs)} ms` : none, history.rtt),
      row('viewers', words.viewers, server ? count(server.viewers) : none, history.viewers),
      row('latency', words.latency, server?.latency ? seconds(server.latency.p50_ms / 1000) : none, history.latency),
      row('encoder', words.encoder, numbers?.codec ? `${numbers.codec}${numbers.encoder && numbers.encoder !== 'unknown' ? ` · ${numbers.encoder}` : ''}` : none),
    ];
  }
}

function row(name: string, label: string, value: string, values?: readonly number[]): TemplateResult {
  return html`<div data-number=${name}><dt>${label}</dt><dd>${values ? sparkline(values) : ''}<span>${value}</span></dd></div>`;
}
