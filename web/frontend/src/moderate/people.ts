/** Who is there to be looked at: who wrote last, is watched, timed out, banned; or anybody, by name. */

import { Eye, Search, ShieldAlert } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { nameColour } from '../chat/colour';
import { span } from '../chat/words';
import { count } from '../lib/format';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { NAME_PATTERN } from '../people/form';
import { List } from '../people/list';
import { when } from '../people/when';
import { moderation } from './texts';
import type { Desk } from './desk';
import type { PeopleList, Row } from './server';

const words = moderation.people;
const LISTS: PeopleList[] = ['active', 'suspicious', 'muted', 'banned'];
/** Lists follow what happens at most so often. Milliseconds. */
const AGAIN_MS = 3000;

@customElement('fl-chatters')
export class Chatters extends PageElement {
  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) open: (account: string) => void = () => undefined;
  /** Grows when the lists may have changed. */
  @property({ type: Number }) changes = 0;
  @state() private which: PeopleList = 'active';
  private readonly list = new List<Row>(this, (query) => this.desk.server.list(this.which, query));
  private timer = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.timer = 0;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.timer);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has('changes')) return;
    if (this.list.items === null && this.timer === 0) void this.list.read();
    // `||=`: the first change sets the pace, those after it wait with it.
    this.timer ||= window.setTimeout(() => {
      this.timer = 0;
      if (document.visibilityState === 'visible') void this.list.read();
    }, AGAIN_MS);
  }

  protected override render(): TemplateResult {
    return html`
      <form class="find" role="search" @submit=${this.onFind}>
        <label><span class="hidden-text">${words.search}</span>
          <input name="account" placeholder=${words.search} required maxlength="32" pattern=${NAME_PATTERN} autocomplete="off" autocapitalize="none" spellcheck="false" />
        </label>
        <button class="button square" type="submit" aria-label=${words.open} title=${words.open}>${icon(Search)}</button>
      </form>
      <div class="chips" role="group" aria-label=${words.lists}>
        ${LISTS.map((which) => html`<button class="chip" type="button" aria-pressed=${which === this.which} @click=${() => this.choose(which)}>${words[which as 'active']}</button>`)}
      </div>
      ${this.list.render((row) => this.row(row), words.none[this.which] ?? '')}
    `;
  }

  private row(row: Row): TemplateResult {
    return html`<tr data-account=${row.account}>
      <td>
        <button class="who" type="button" @click=${() => this.open(row.account)}>
          <bdi .style=${row.colour ? `color: ${nameColour(row.colour)}` : ''}>${row.display_name}</bdi>${row.display_name.toLowerCase() === row.account ? nothing : html` <small>${row.account}</small>`}
        </button>
        <span class="sub">${this.said(row)}</span>
      </td>
      <td class="end">${row.suspicion === 'restricted' ? icon(ShieldAlert) : row.suspicion === 'monitored' ? icon(Eye) : nothing}</td>
    </tr>`;
  }

  private said(row: Row): TemplateResult | string {
    const { card } = moderation;
    if (this.which === 'banned') {
      const until = row.expires_ms ? card.bannedUntil(span((row.expires_ms - Date.now()) / 1000)) : card.banned;
      return row.reason ? `${until} · ${row.reason}` : until;
    }
    if (this.which === 'muted' && row.muted_until_ms) return `${card.muted(span((row.muted_until_ms - Date.now()) / 1000))}${row.muted_for ? ` · ${row.muted_for}` : ''}`;
    const level = row.suspicion === undefined || row.suspicion === 'none' ? '' : `${card[row.suspicion]} · `;
    const wrote = row.messages ?? 0;
    const messages = words.messages(count(wrote), wrote === 1);
    return html`${level}${messages}${row.last_ms ? html` · ${when(row.last_ms)}` : nothing}${this.which === 'suspicious' && row.suspected_for ? html` · <bdi>${row.suspected_for}</bdi>` : nothing}`;
  }

  private choose(which: PeopleList): void {
    this.which = which;
    this.list.items = null;
    void this.list.read();
  }

  private readonly onFind = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const account = String(new FormData(form).get('account')).trim().toLowerCase();
    form.reset();
    this.open(account);
  };
}
