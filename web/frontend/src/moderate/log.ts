/** What was done, by whom, to whom, why; and its undo. */

import { Undo2 } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { when } from '../people/when';
import { moderation } from './texts';
import type { Desk } from './desk';
import type { LogLine } from './server';
import { deed, detail } from './words';

const words = moderation;

@customElement('fl-log')
export class Log extends PageElement {
  @property({ attribute: false }) desk!: Desk;
  /** How many are being decided; drawn anew when it changes. */
  @property({ type: Number }) busy = 0;
  @property({ attribute: false }) open: (account: string) => void = () => undefined;
  /** Changed by whoever draws us when the log changed. */
  @property({ attribute: false }) lines: readonly LogLine[] | null = null;
  @state() private wrong = false;

  protected override render(): TemplateResult {
    const { filter } = this.desk;
    const filtered = filter.action !== '' || filter.name !== '';
    const empty = filtered
      ? html`${words.log.none} <button class="link" type="button" @click=${this.clear}>${words.log.clear}</button>`
      : html`<strong>${words.log.empty.title}</strong><br />${words.log.empty.body}`;
    return html`
      <form class="filter" role="search" aria-label=${words.log.title} @submit=${this.onFilter} @change=${this.onFilter}>
        <label><span class="hidden-text">${words.log.what}</span>
          <select name="action" .value=${filter.action}>
            <option value="" ?selected=${filter.action === ''}>${words.log.everything}</option>
            ${Object.entries(words.actions).map(([name, label]) => html`<option value=${name} ?selected=${filter.action === name}>${label}</option>`)}
          </select>
        </label>
        <label><span class="hidden-text">${words.log.side}</span>
          <select name="side">
            <option value="by" ?selected=${filter.side === 'by'}>${words.log.asActor}</option>
            <option value="account" ?selected=${filter.side === 'account'}>${words.log.asSubject}</option>
          </select>
        </label>
        <label class="wide"><span class="hidden-text">${words.log.who}</span>
          <input name="name" placeholder=${words.log.whoHelp} maxlength="32" autocomplete="off" autocapitalize="none" spellcheck="false" aria-invalid=${this.wrong} .value=${filter.name} />
        </label>
      </form>
      ${this.desk.log.render((line) => this.line(line), empty)}
    `;
  }

  private line(line: LogLine): TemplateResult {
    const more = detail(line);
    const busy = this.desk.busy.has(line.id);
    return html`
      <tr data-line=${line.id} data-action=${line.action} class=${line.undone_by === null ? '' : 'undone'}>
        <td>
          <p>${line.by === null ? html`<span class="auto">${words.theRoom}</span>` : this.person(line.by)} ${this.sentence(line)}${line.undoes === null ? nothing : html` <span class="tag">${words.log.undoes}</span>`}</p>
          ${more === '' ? nothing : html`<p class="detail"><bdi>${more}</bdi></p>`} ${line.reason === '' ? nothing : html`<p class="detail">${words.reason}: <bdi>${line.reason}</bdi></p>`}
          <p class="sub">${when(line.at_ms)}</p>
        </td>
        <td class="end">
          ${line.undone_by !== null
            ? html`<span class="tag">${words.undone}</span>`
            : line.undoable
              ? html`<button class="button small quiet" type="button" ?disabled=${busy} @click=${() => this.desk.undo(line)}>${icon(Undo2)}${busy ? words.undoing : words.undo}</button>`
              : nothing}
        </td>
      </tr>
    `;
  }

  private sentence(line: LogLine): TemplateResult {
    const [before = '', after = ''] = deed(line).split('{who}');
    return html`${before}${line.account === null || !deed(line).includes('{who}') ? nothing : this.person(line.account)}${after}`;
  }

  private person(account: string): TemplateResult {
    return html`<button class="link" type="button" @click=${() => this.open(account)}><bdi>${account}</bdi></button>`;
  }

  private readonly onFilter = (event: Event): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const name = String(form.get('name')).trim().toLowerCase();
    this.wrong = name !== '' && !/^[a-z0-9_-]+$/.test(name);
    if (this.wrong) return;
    this.desk.filtered({ action: String(form.get('action')), name, side: form.get('side') === 'account' ? 'account' : 'by' });
  };

  private readonly clear = (): void => this.desk.filtered({ action: '', name: '', side: 'by' });
}
