/** A paged list of the REST interface: loading, empty, full, more, refused. */

import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { html, nothing, type TemplateResult } from 'lit';
import type { ApiError } from '../lib/api';
import type { Page } from '../lib/rest';
import { asApiError } from '../lib/session';
import { texts } from '../texts';
import { problemNotice } from './form';

export class List<T> implements ReactiveController {
  items: T[] | null = null;
  problem: ApiError | null = null;
  private next: string | null = null;
  private asked = 0;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly ask: (query: Record<string, string>) => Promise<Page<T>>,
  ) {
    host.addController(this);
  }

  hostConnected(): void {}

  /** Read the first page anew. An answer that a newer question overtook is dropped. */
  async read(): Promise<void> {
    this.next = null;
    await this.fetch(false);
  }

  render(row: (item: T) => TemplateResult, empty: string | TemplateResult, head?: TemplateResult): TemplateResult {
    if (this.problem !== null && this.items === null) return html`${problemNotice(this.problem)}<button class="button" type="button" @click=${() => void this.read()}>${texts.retry}</button>`;
    if (this.items === null) return html`<div aria-hidden="true" class="rows"><div class="skeleton line"></div><div class="skeleton line short"></div></div>`;
    if (this.items.length === 0) return html`<p class="nothing">${empty}</p>`;
    return html`
      <div class="table">
        <table>
          ${head ? html`<thead>${head}</thead>` : nothing}
          <tbody>
            ${this.items.map(row)}
          </tbody>
        </table>
      </div>
      ${this.problem === null ? nothing : problemNotice(this.problem)}
      ${this.next === null ? nothing : html`<button class="button" type="button" @click=${() => void this.fetch(true)}>${texts.people.more}</button>`}
    `;
  }

  private async fetch(more: boolean): Promise<void> {
    const asked = ++this.asked;
    try {
      const page = await this.ask(more && this.next !== null ? { cursor: this.next } : {});
      if (asked !== this.asked) return;
      this.items = more ? [...(this.items ?? []), ...page.items] : page.items;
      this.next = page.next;
      this.problem = null;
    } catch (error) {
      if (asked === this.asked) this.problem = asApiError(error);
    }
    this.host.requestUpdate();
  }
}
