/** What can be done with a message and its author. A sheet from below on a phone, a dialog elsewhere. */

import { Copy, Pencil, Pin, PinOff, Reply, SmilePlus, Trash2, Undo2, UserRoundSearch, X } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { MessageEntry } from '../lib/timeline';
import { copyText } from '../parts/copy';
import { icon } from '../parts/icon';
import { FormElement } from '../people/form';
import { texts } from '../texts';
import type { Line, Moderation } from './moderation';
import { partsOf } from './parts';
import { badges, name, shown, type RowContext } from './row';
import { exactTime, span } from './words';

const words = texts.chat;
/** Seconds. */
const TIMEOUTS = [60, 600, 3600, 86_400, 7 * 86_400, 14 * 86_400];

@customElement('fl-chat-card')
export class Card extends FormElement {
  @property() channel = '';
  @property({ attribute: false }) context!: RowContext;
  @property({ attribute: false }) moderation!: Moderation;
  @property() pinned = '';
  @state() private entry: MessageEntry | null = null;
  /** What was just done, and can be undone. */
  @state() private line: Line = null;
  @query('dialog') private dialog!: HTMLDialogElement;

  open(entry: MessageEntry): void {
    this.entry = entry;
    this.problem = null;
    this.done = '';
    this.line = null;
    void this.updateComplete.then(() => {
      if (!this.dialog.open) this.dialog.showModal();
    });
  }

  protected override render(): TemplateResult {
    const { entry } = this;
    return html`<dialog class="card" aria-labelledby="card-title" @click=${this.onBackdrop} @close=${() => (this.entry = null)} @keydown=${(event: Event) => event.stopPropagation()}>
      ${entry === null ? nothing : this.body(entry)}
    </dialog>`;
  }

  private body(entry: MessageEntry): TemplateResult {
    const { message } = entry;
    const { context } = this;
    const own = message.author.name === context.me;
    return html`
      <header>
        <h2 id="card-title"><span class="hidden-text">${words.card.title('')}</span>${badges(message.author)}${name(message.author)} <small>${message.author.name}</small></h2>
        <button class="button quiet square" type="button" aria-label=${words.card.close} @click=${this.close}>${icon(X)}</button>
      </header>
      <p class="what"><bdi class="words">${partsOf(message.text, message.mentions ?? [], context.emotes).map((part) => shown(part, context.me))}</bdi><small class="numbers">${exactTime(message.at)}</small></p>
      ${this.said()} ${this.line === null ? nothing : html`<p><button class="link" type="button" ?disabled=${this.busy} @click=${this.undo}>${icon(Undo2)}${words.card.undo}</button></p>`}
      <div class="acts">
        ${context.writes ? html`${this.button(words.row.react, SmilePlus, 'pick')} ${this.button(words.row.reply, Reply, 'reply')}` : nothing}
        <button class="button quiet" type="button" @click=${() => this.work(async () => void (await copyText(message.text)), texts.copied)}>${icon(Copy)}${words.card.copy}</button>
        ${own && context.writes ? this.button(words.row.edit, Pencil, 'edit') : nothing}
        ${context.moderates
          ? html`<button class="button quiet" type="button" ?disabled=${this.busy} @click=${this.turnPin}>
              ${icon(this.pinned === entry.key ? PinOff : Pin)}${this.pinned === entry.key ? words.card.unpin : words.card.pin}
            </button>`
          : nothing}
        ${own || context.moderates ? this.button(words.row.delete, Trash2, 'delete') : nothing}
      </div>
      ${context.moderates && !own ? this.tools(message.author.name) : nothing}
    `;
  }

  private button(label: string, node: Parameters<typeof icon>[0], what: 'pick' | 'reply' | 'edit' | 'delete'): TemplateResult {
    return html`<button
      class=${what === 'delete' ? 'button quiet danger' : 'button quiet'}
      type="button"
      @click=${() => {
        const { entry } = this;
        this.close();
        if (entry) this.context.act(what, entry);
      }}
    >
      ${icon(node)}${label}
    </button>`;
  }

  private tools(account: string): TemplateResult {
    const { moderation } = this;
    return html`
      <form class="tools-of" aria-label=${words.card.moderate} @submit=${(event: Event) => event.preventDefault()}>
        <label>${words.card.reason}<input name="reason" maxlength="200" autocomplete="off" /></label>
        <fieldset>
          <legend>${words.card.timeout}</legend>
          <div class="chips">
            ${TIMEOUTS.map(
              (seconds) => html`<button class="button small" type="button" ?disabled=${this.busy} @click=${() => this.act(() => moderation.timeout(account, seconds, this.reason))}>${span(seconds)}</button>`,
            )}
          </div>
        </fieldset>
        <div class="chips">
          <button class="button small" type="button" ?disabled=${this.busy} @click=${this.warn}>${words.card.warn}</button>
          <button class="button small danger" type="button" ?disabled=${this.busy} @click=${() => this.act(() => moderation.purge(account, this.reason))}>${words.card.purge}</button>
          <button class="button small danger filled" type="button" ?disabled=${this.busy} @click=${() => this.act(() => moderation.ban(account, this.reason))}>${words.card.ban}</button>
          <button class="button small" type="button" ?disabled=${this.busy} @click=${() => this.act(() => moderation.unban(account))}>${words.card.unban}</button>
        </div>
        <a class="link" href=${`/moderate/${this.channel}?person=${encodeURIComponent(account)}`} target="_blank" rel="noopener">${icon(UserRoundSearch)}${words.card.history}</a>
      </form>
    `;
  }

  private act(act: () => Promise<Line>): Promise<boolean> {
    this.line = null;
    return this.work(async () => {
      this.line = await act();
    }, words.card.done);
  }

  private readonly undo = (): void => {
    const { line } = this;
    if (line === null) return;
    void this.work(async () => {
      await this.moderation.undo(line);
      this.line = null;
    }, words.card.undone);
  };

  private get reason(): string {
    return this.querySelector<HTMLInputElement>('input[name=reason]')?.value.trim() ?? '';
  }

  private readonly warn = (): void => {
    const { entry } = this;
    const field = this.querySelector<HTMLInputElement>('input[name=reason]');
    if (entry === null || field === null) return;
    // Somebody who is warned must be told of what.
    field.required = true;
    if (field.reportValidity()) void this.act(() => this.moderation.warn(entry.message.author.name, this.reason));
    field.required = false;
  };

  private readonly turnPin = (): void => {
    const { entry } = this;
    if (entry === null) return;
    void this.act(() => (this.pinned === entry.key ? this.moderation.unpin() : this.moderation.pin(entry.key)));
  };

  private readonly close = (): void => this.dialog.close();

  private readonly onBackdrop = (event: Event): void => {
    if (event.target === this.dialog) this.close();
  };
}
