/** The calls I started or was in. */

import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { percent, since } from '../lib/format';
import '../people/confirm';
import { FormElement } from '../people/form';
import { List } from '../people/list';
import { when } from '../people/when';
import { server, type CallEntry } from './server';
import { words as all } from './texts';

const words = all.history;

@customElement('fl-call-list')
export class CallList extends FormElement {
  private readonly list = new List<CallEntry>(this, (query) => server.list(query));

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.read();
  }

  protected override render(): TemplateResult {
    const head = html`<tr><th>${words.what}</th><th>${words.who}</th><th>${words.when}</th><th>${words.lasted}</th><th>${words.ended}</th><th></th></tr>`;
    return html`<section class="panel" aria-labelledby="calls-title">
      <h2 id="calls-title">${words.title}</h2>
      ${this.said()} ${this.list.render((entry) => this.row(entry), words.empty, head)}
    </section>`;
  }

  private row(entry: CallEntry): TemplateResult {
    const running = entry.ended_ms === null;
    const title = entry.title === '' ? words.untitled : entry.title;
    const began = entry.started_ms ?? entry.created_ms;
    return html`<tr data-call=${entry.name}>
      <td>${running ? html`<a href=${`/calls/${entry.name}`}>${title}</a>` : title}</td>
      <td data-label=${words.who}>${entry.people.length === 0 ? words.nobody : entry.people.join(', ')}</td>
      <td data-label=${words.when}>${when(began)}</td>
      <td class="numbers" data-label=${words.lasted}>${entry.started_ms === null || entry.ended_ms === null ? nothing : since(entry.ended_ms - entry.started_ms) || '< 1 min'}</td>
      <td data-label=${words.ended}>${running ? html`<span class="tag good">${words.running}</span>` : (words.how[entry.how_ended] ?? entry.how_ended)}${this.quality(entry)}</td>
      <td class="end">
        ${running ? html`<a class="button small" href=${`/calls/${entry.name}`}>${words.open}</a>` : nothing}
        ${entry.mine
          ? html`<fl-confirm label=${words.delete} question=${words.deleteQuestion} body=${words.deleteBody} yes=${words.delete} .act=${() => void this.drop(() => server.delete(entry.name))}></fl-confirm>`
          : html`<fl-confirm label=${words.remove} question=${words.removeQuestion} body=${words.removeBody} yes=${words.remove} .act=${() => void this.drop(() => server.forget(entry.name))}></fl-confirm>`}
      </td>
    </tr>`;
  }

  private quality(entry: CallEntry): TemplateResult | typeof nothing {
    const { loss, round_trip_ms: trip } = entry.quality ?? {};
    return loss === undefined || trip === undefined ? nothing : html`<span class="sub numbers">${words.quality(percent(loss), trip)}</span>`;
  }

  private async drop(how: () => Promise<void>): Promise<void> {
    await this.work(async () => {
      await how();
      await this.list.read();
    });
  }
}
