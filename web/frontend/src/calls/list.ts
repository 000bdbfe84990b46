/** The calls I started or was in. */

import { html, nothing, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { percent, since } from '../lib/format';
import { rest, type CallVisit } from '../lib/rest';
import '../people/confirm';
import { FormElement } from '../people/form';
import { List } from '../people/list';
import { when } from '../people/when';
import { words as all } from './list-texts';

const words = all.history;

@customElement('fl-call-list')
export class CallList extends FormElement {
  private readonly list = new List<CallVisit>(this, (query) => rest.calls.history(query));

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.read();
  }

  protected override render(): TemplateResult {
    const head = html`<tr><th>${words.what}</th><th>${words.who}</th><th>${words.when}</th><th>${words.lasted}</th><th>${words.ended}</th><th></th></tr>`;
    return html`<section class="panel" aria-labelledby="calls-title">
      <h2 id="calls-title">${words.title}</h2>
      ${this.said()} ${this.list.render((visit) => this.row(visit), words.empty, head)}
    </section>`;
  }

  private row({ call, started_ms, ended_ms, how_ended, seconds, quality, stays }: CallVisit): TemplateResult {
    const over = how_ended === 'ended';
    const title = call.title === '' ? words.untitled : call.title;
    const people = [...new Set(stays.map((stay) => stay.shown))];
    return html`<tr data-call=${call.name}>
      <td>${over ? title : html`<a href=${`/calls/${call.name}`}>${title}</a>`}</td>
      <td data-label=${words.who}>${people.length === 0 ? words.nobody : people.join(', ')}</td>
      <td data-label=${words.when}>${when(started_ms ?? call.created_ms)}</td>
      <td class="numbers" data-label=${words.lasted}>${seconds === 0 ? nothing : since(seconds * 1000) || words.short}</td>
      <td data-label=${words.ended}>${started_ms !== null && ended_ms === null ? html`<span class="tag good">${words.running}</span>` : how_ended === null ? nothing : words.how[how_ended]}${this.quality(quality)}</td>
      <td class="end">
        ${over ? nothing : html`<a class="button small" href=${`/calls/${call.name}`}>${words.open}</a>`}
        ${call.role === 'host'
          ? html`<fl-confirm label=${words.delete} question=${words.deleteQuestion} body=${words.deleteBody} yes=${words.delete} .act=${() => void this.drop(() => rest.calls.delete(call.name))}></fl-confirm>`
          : html`<fl-confirm label=${words.remove} question=${words.removeQuestion} body=${words.removeBody} yes=${words.remove} .act=${() => void this.drop(() => rest.calls.forget(call.name))}></fl-confirm>`}
      </td>
    </tr>`;
  }

  private quality({ loss, round_trip_ms: trip }: Record<string, number>): TemplateResult | typeof nothing {
    return loss === undefined || trip === undefined ? nothing : html`<span class="sub numbers">${words.quality(percent(loss), trip)}</span>`;
  }

  private async drop(how: () => Promise<void>): Promise<void> {
    await this.work(async () => {
      await how();
      await this.list.read();
    });
  }
}
