/** What the channel broadcast before. */

import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { clock, count } from '../lib/format';
import { rest, type Broadcast } from '../lib/rest';
import { List } from '../people/list';
import { when } from '../people/when';
import { texts } from '../texts';
import { ChannelElement } from './element';

const words = texts.people.dashboard.broadcasts;

@customElement('fl-past')
export class Past extends ChannelElement {
  private readonly list = new List<Broadcast>(this, (query) => rest.playback.broadcasts(this.name, query));

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.read();
  }

  protected override render(): TemplateResult {
    const head = html`<tr><th>${words.started}</th><th>${words.lasted}</th><th class="end">${words.peak}</th></tr>`;
    return html`
      <section class="panel" aria-labelledby="past-title">
        <h2 id="past-title">${texts.people.dashboard.sections.broadcasts}</h2>
        ${this.list.render((broadcast) => this.row(broadcast), words.empty, head)}
      </section>
    `;
  }

  private row(broadcast: Broadcast): TemplateResult {
    const lasted = broadcast.ended_ms === null ? words.running : clock((broadcast.ended_ms - (broadcast.live_ms ?? broadcast.started_ms)) / 1000);
    return html`
      <tr>
        <td>${when(broadcast.started_ms)}<span class="sub">${broadcast.title}</span></td>
        <td class="numbers" data-label=${words.lasted}>${lasted}</td>
        <td class="end numbers" data-label=${words.peak}>${count(broadcast.peak_viewers)}</td>
      </tr>
    `;
  }
}
