/** Everything about one account in this channel, and what can be done with it. */

import { ArrowLeft, Eye, ShieldAlert, Trash2, TriangleAlert } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { nameColour } from '../chat/colour';
import { clockTime, exactTime, span } from '../chat/words';
import type { ApiError } from '../lib/api';
import type { Message } from '../lib/frames';
import { count } from '../lib/format';
import { asApiError } from '../lib/session';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { face } from '../people/face';
import { problemNotice } from '../people/form';
import { List } from '../people/list';
import { when } from '../people/when';
import { moderation } from './texts';
import './acts';
import type { Acts } from './acts';
import type { Desk } from './desk';
import type { LogLine, Note, UserCard, Written } from './server';
import { deed, detail } from './words';

const words = moderation.card;
const PARTS = ['messages', 'notes', 'actions'] as const;

@customElement('fl-person')
export class Person extends PageElement {
  @property({ attribute: false }) desk!: Desk;
  @property() account = '';
  /** The message the card was opened from. */
  @property({ attribute: false }) message: Message | null = null;
  /** Grows when something was done to the account. */
  @property({ type: Number }) touched = 0;
  @property({ attribute: false }) close: () => void = () => undefined;
  @state() private card: UserCard | null = null;
  @state() private problem: ApiError | null = null;
  @state() private shown: (typeof PARTS)[number] = 'messages';

  private readonly messages = new List<Written>(this, (query) => this.desk.server.wrote(this.account, query));
  private readonly notes = new List<Note>(this, (query) => this.desk.server.notes(this.account, query));
  private readonly actions = new List<LogLine>(this, (query) => this.desk.server.log({ action: '', name: this.account, side: 'account' }, query));

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('account')) {
      this.card = null;
      this.problem = null;
      for (const list of [this.messages, this.notes, this.actions]) list.items = null;
    }
    if (changed.has('account') || changed.has('touched')) void this.read();
  }

  private async read(): Promise<void> {
    const { account } = this;
    try {
      const card = await this.desk.server.card(account);
      if (account !== this.account) return;
      this.card = card;
      this.problem = null;
      await Promise.all([this.messages.read(), this.notes.read(), this.actions.read()]);
    } catch (error) {
      if (account === this.account) this.problem = asApiError(error);
    }
  }

  /** Put the focus where somebody is timed out, banned, warned, noted. */
  async form(which: 'timeout' | 'ban' | 'warn' | 'note'): Promise<void> {
    if (which === 'note') {
      this.shown = 'notes';
      await this.updateComplete;
      this.querySelector<HTMLElement>('input[name=note]')?.focus();
    } else this.querySelector<Acts>('fl-acts')?.begin(which);
  }

  protected override render(): TemplateResult {
    const { card, problem } = this;
    return html`
      <p class="back"><button class="button quiet small" type="button" @click=${() => this.close()}>${icon(ArrowLeft)}${words.back}</button></p>
      ${problem !== null && card === null
        ? problem.code === 'account_not_found' || problem.status === 404
          ? html`<div class="nothing"><h3><bdi>${this.account}</bdi></h3><p>${words.missing}</p></div>`
          : problemNotice(problem)
        : nothing}
      ${card === null ? (problem === null ? this.skeleton() : nothing) : this.whole(card)}
    `;
  }

  private skeleton(): TemplateResult {
    return html`<div class="person-head" aria-hidden="true"><span class="face skeleton"></span><div class="names"><div class="skeleton line"></div><div class="skeleton line short"></div></div></div>
      <div class="facts-of" aria-hidden="true">${[0, 1, 2, 3].map(() => html`<div class="skeleton line"></div>`)}</div>`;
  }

  private whole(card: UserCard): TemplateResult {
    const { chatter } = card;
    return html`
      <header class="person-head">
        ${face({ display_name: chatter.display_name, avatar: card.avatar })}
        <div class="names">
          <h2><bdi .style=${`color: ${nameColour(chatter.colour)}`}>${chatter.display_name}</bdi></h2>
          <p class="sub">${chatter.account} ${this.roles(card)}</p>
        </div>
      </header>
      ${this.states(card)}
      <dl class="facts-of">
        <div><dt>${words.created}</dt><dd>${when(card.created_ms)}</dd></div>
        <div><dt>${words.follows}</dt><dd>${card.followed_ms === null ? words.notFollowing : when(card.followed_ms)}</dd></div>
        <div><dt>${words.first}</dt><dd>${chatter.first_ms === null ? words.never : when(chatter.first_ms)}</dd></div>
        <div><dt>${words.wrote}</dt><dd class="numbers">${count(chatter.messages)}${card.deleted > 0 ? html` <span class="sub">(${words.deleted(count(card.deleted))})</span>` : nothing}</dd></div>
        <div><dt>${words.verified}</dt><dd>${card.verified ? words.isVerified : words.notVerified}</dd></div>
      </dl>
      <fl-acts .desk=${this.desk} .card=${card} .message=${this.message}></fl-acts>
      ${this.parts(card)}
    `;
  }

  private roles(card: UserCard): TemplateResult {
    const roles = [card.operator ? 'operator' : '', card.owner ? 'owner' : '', card.chatter.role ?? ''].filter(Boolean);
    return html`${roles.map((role) => html`<span class="tag">${words.roles[role] ?? role}</span>`)}`;
  }

  /** What holds for it now. */
  private states(card: UserCard): TemplateResult | typeof nothing {
    const { chatter } = card;
    const left = (until: number): string => span((until - Date.now()) / 1000);
    const found: TemplateResult[] = [];
    const line = (kind: string, node: Parameters<typeof icon>[0], text: string, why: string): void => {
      found.push(html`<li class=${kind}>${icon(node)}<span>${text}${why === '' ? nothing : html`<br /><bdi class="sub">${why}</bdi>`}</span></li>`);
    };
    if (card.banned) line('bad', ShieldAlert, card.banned_until_ms === null ? words.banned : words.bannedUntil(left(card.banned_until_ms)), card.ban_reason);
    if (chatter.muted_until_ms !== null && chatter.muted_until_ms > Date.now()) line('warn', TriangleAlert, words.muted(left(chatter.muted_until_ms)), chatter.muted_for);
    if (chatter.warning !== '') line('warn', TriangleAlert, words.warned, chatter.warning);
    if (chatter.suspicion !== 'none') line('', Eye, words[chatter.suspicion], chatter.suspected_for);
    return found.length === 0 ? nothing : html`<ul class="states">${found}</ul>`;
  }

  private parts(card: UserCard): TemplateResult {
    const numbers = { messages: 0, notes: card.notes, actions: 0 };
    const lists = {
      messages: () => this.messages.render((one) => this.written(one), words.noMessages),
      notes: () => html`
        <form class="find" @submit=${this.onNote}>
          <label><span class="hidden-text">${words.note}</span><input name="note" placeholder=${words.note} required maxlength="500" autocomplete="off" /></label>
          <button class="button" type="submit">${words.addNote}</button>
        </form>
        ${this.notes.render((note) => html`<tr><td><bdi>${note.text}</bdi><span class="sub">${note.author ?? ''} · ${when(note.created_ms)}</span></td></tr>`, words.noNotes)}
      `,
      actions: () => this.actions.render((line) => this.line(line), words.noActions),
    };
    return html`
      <section class="of-person">
        <div class="chips" role="group" aria-label=${words.account}>
          ${PARTS.map((part) => html`<button class="chip" type="button" aria-pressed=${part === this.shown} @click=${() => (this.shown = part)}>${words.tabs[part]}${numbers[part] > 0 ? html` <span class="numbers">${numbers[part]}</span>` : nothing}</button>`)}
        </div>
        ${lists[this.shown]()}
      </section>
    `;
  }

  private written({ message, state }: Written): TemplateResult {
    const gone = state === 'deleted' || state === 'rejected';
    return html`<tr data-message=${message.id} class=${gone ? 'undone' : ''}>
      <td>
        <bdi class="words">${message.text}</bdi>
        <span class="sub"><time class="numbers" title=${exactTime(message.at)}>${clockTime(message.at)}</time>${state === 'visible' ? nothing : html` · ${words.states[state] ?? state}`}</span>
      </td>
      <td class="end">
        ${gone || state === 'held'
          ? nothing
          : html`<button class="button quiet square" type="button" aria-label=${`${words.deleteThis}: ${message.text.slice(0, 60)}`} title=${words.deleteThis} @click=${() => this.desk.attempt(() => this.desk.server.remove(message.id))}>${icon(Trash2)}</button>`}
      </td>
    </tr>`;
  }

  private line(line: LogLine): TemplateResult {
    const more = [detail(line), line.reason].filter(Boolean).join(' · ');
    return html`<tr class=${line.undone_by === null ? '' : 'undone'}>
      <td>${line.by ?? moderation.theRoom} ${deed(line).replace('{who}', line.account ?? '')}<span class="sub">${more === '' ? nothing : html`<bdi>${more}</bdi> · `}${when(line.at_ms)}</span></td>
    </tr>`;
  }

  private readonly onNote = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const text = String(new FormData(form).get('note')).trim();
    if ((await this.desk.attempt(() => this.desk.server.note(this.account, text))) === null) form.reset();
  };
}
