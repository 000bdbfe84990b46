/** What is on air, with a way to stop it. */

import '../people/confirm';
import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { count } from '../lib/format';
import { rest, type LiveBroadcast } from '../lib/rest';
import { FormElement } from '../people/form';
import { List } from '../people/list';
import { when } from '../people/when';
import { texts } from '../texts';

const words = texts.people.admin.live;

@customElement('fl-on-air')
export class OnAir extends FormElement {
  private readonly list = new List<LiveBroadcast>(this, (query) => rest.admin.broadcasts(query));
  private timer = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.read();
    this.timer = window.setInterval(() => void this.list.read(), 10_000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearInterval(this.timer);
  }

  protected override render(): TemplateResult {
    const head = html`<tr><th>${texts.people.admin.sections.live}</th><th>${words.started}</th><th class="end">${words.viewers}</th><th></th></tr>`;
    return html`
      <section class="panel" aria-labelledby="live-title">
        <h2 id="live-title">${texts.people.admin.sections.live}</h2>
        ${this.said()} ${this.list.render((broadcast) => this.row(broadcast), words.empty, head)}
      </section>
    `;
  }

  private row(broadcast: LiveBroadcast): TemplateResult {
    return html`
      <tr>
        <td><a href=${`/watch/${broadcast.channel}`}>${broadcast.title || broadcast.channel}</a><span class="sub">${broadcast.channel} · ${broadcast.state}</span></td>
        <td data-label=${words.started}>${when(broadcast.started_ms)}</td>
        <td class="end numbers" data-label=${words.viewers}>${count(broadcast.viewers)}</td>
        <td class="end"><fl-confirm label=${words.stop} question=${words.question(broadcast.channel)} body=${words.warning} yes=${words.yes} .act=${() => void this.stop(broadcast)}></fl-confirm></td>
      </tr>
    `;
  }

  private async stop(broadcast: LiveBroadcast): Promise<void> {
    await this.work(async () => void (await rest.admin.stop(broadcast.channel)));
    await this.list.read();
  }
}
