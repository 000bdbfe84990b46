/** What waits for a decision. One keystroke each; the next one is looked at then. */

import { Ban, Check, Gavel, Timer, X } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { partsOf } from '../chat/parts';
import { badges, name, shown } from '../chat/row';
import { span } from '../chat/words';
import type { Author } from '../lib/frames';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { mark } from '../parts/mark';
import { when } from '../people/when';
import { moderation } from './texts';
import { TIMEOUT, type Desk } from './desk';
import type { Decision } from './keys';
import { moved, successor, type Waiting } from './records';
import { reasonsOf } from './words';

const words = moderation;
const NONE: ReadonlyMap<string, string> = new Map();

@customElement('fl-queue')
export class Queue extends PageElement {
  @property({ attribute: false }) desk!: Desk;
  /** How many are being decided; drawn anew when it changes. */
  @property({ type: Number }) busy = 0;
  @property({ attribute: false }) open: (account: string) => void = () => undefined;
  @property() current = '';
  /** Changed by whoever draws us when the desk changed. */
  @property({ attribute: false }) items: readonly Waiting[] | null = null;
  private known: string[] = [];

  protected override willUpdate(_: PropertyValues): void {
    const ids = this.items?.map((one) => one.id) ?? [];
    // What was looked at is gone: the one that stood after it is next.
    if (!ids.includes(this.current)) this.current = successor(this.known, ids, this.current);
    this.known = ids;
  }

  protected override updated(changed: PropertyValues): void {
    // Whoever decided by a button that went with its item goes on with the next.
    const before = changed.get('current') as string | undefined;
    const lost = before !== undefined && before !== '' && (document.activeElement === document.body || this.contains(document.activeElement));
    if (lost) this.focusCurrent();
  }

  protected override render(): TemplateResult {
    const { items } = this;
    if (items === null)
      return html`<div class="waits" aria-hidden="true">${[0, 1, 2].map(() => html`<div class="wait"><div class="skeleton line short"></div><div class="skeleton line"></div><div class="skeleton buttons"></div></div>`)}</div>`;
    if (items.length === 0)
      return html`<div class="nothing">${mark('dim')}<h3>${words.queue.empty.title}</h3><p>${words.queue.empty.body}</p></div>`;
    return html`<ul class="waits" aria-label=${words.queue.title}>
      ${repeat(items, (one) => one.id, (one) => (one.kind === 'held' ? this.message(one) : this.appeal(one)))}
    </ul>`;
  }

  private frame(item: Waiting, label: string, inner: TemplateResult): TemplateResult {
    const here = item.id === this.current;
    return html`<li
      class="wait"
      data-id=${item.id}
      tabindex=${here ? 0 : -1}
      aria-current=${here ? 'true' : nothing}
      aria-label=${label}
      aria-busy=${this.desk.busy.has(item.id)}
      @focusin=${() => (this.current = item.id)}
    >
      ${inner}
    </li>`;
  }

  private message(item: Waiting & { kind: 'held' }): TemplateResult {
    const { message, why, created_ms } = item.held;
    const { author } = message;
    return this.frame(
      item,
      words.queue.of(author.shown),
      html`
        <p class="head">${this.who(author)} <span class="when">${when(created_ms)}</span></p>
        <p class="said"><bdi class="words">${partsOf(message.text, message.mentions ?? [], NONE).map((part) => shown(part, ''))}</bdi></p>
        ${why.length > 0 ? html`<p class="why">${words.queue.held(reasonsOf(why))}</p>` : nothing}
        <p class="decisions">
          ${this.button(item, 'allow', Check, words.queue.allow, 'A')} ${this.button(item, 'reject', X, words.queue.reject, 'R')}
          ${this.button(item, 'timeout', Timer, span(TIMEOUT), 'T', '', words.queue.timeout(span(TIMEOUT)))} ${this.button(item, 'ban', Ban, words.queue.ban, 'B', 'danger')}
        </p>
      `,
    );
  }

  private appeal(item: Waiting & { kind: 'appeal' }): TemplateResult {
    const { account, text, banned_for, created_ms } = item.appeal;
    return this.frame(
      item,
      words.queue.appealOf(account),
      html`
        <p class="head">${icon(Gavel)}${this.who({ name: account, shown: account, colour: '' })} <span class="when">${when(created_ms)}</span></p>
        <p class="why">${words.queue.appeal}${banned_for === '' ? nothing : html`<br />${words.queue.bannedFor(banned_for)}`}</p>
        <p class="said"><bdi class="words">${text}</bdi></p>
        <label class="answer"><span class="hidden-text">${words.queue.answer}</span><input name="answer" maxlength="500" autocomplete="off" placeholder=${words.queue.answer} /></label>
        <p class="decisions">${this.button(item, 'allow', Check, words.queue.grant, 'A')} ${this.button(item, 'reject', X, words.queue.deny, 'R')}</p>
      `,
    );
  }

  private who(author: Author): TemplateResult {
    return html`<button class="who" type="button" aria-label=${words.queue.open(author.shown)} @click=${() => this.open(author.name)}>${badges(author)}${name(author)}</button>`;
  }

  private button(item: Waiting, decision: Decision, node: Parameters<typeof icon>[0], label: string, key: string, kind = '', said = label): TemplateResult {
    return html`<button class=${`button small ${kind}`} type="button" aria-keyshortcuts=${key} title=${said} ?disabled=${this.desk.busy.has(item.id)} @click=${() => this.decide(item, decision)}>
      ${icon(node)}${said === label ? html`<span>${label}</span>` : html`<span class="hidden-text">${said}</span><span aria-hidden="true">${label}</span>`}<kbd aria-hidden="true">${key}</kbd>
    </button>`;
  }

  private decide(item: Waiting, decision: Decision): void {
    const answer = this.querySelector<HTMLInputElement>(`[data-id="${CSS.escape(item.id)}"] input[name=answer]`)?.value.trim() ?? '';
    void this.desk.decide(item, decision, answer);
  }

  // ---- by keyboard ----

  private get chosen(): Waiting | undefined {
    return this.items?.find((one) => one.id === this.current);
  }

  move(by: number): void {
    this.current = moved(this.known, this.current, by);
    void this.updateComplete.then(() => this.focusCurrent());
  }

  decideCurrent(decision: Decision): void {
    const { chosen } = this;
    if (chosen !== undefined) this.decide(chosen, decision);
  }

  openCurrent(): void {
    const { chosen } = this;
    if (chosen !== undefined) this.open(chosen.kind === 'held' ? chosen.held.message.author.name : chosen.appeal.account);
  }

  private focusCurrent(): void {
    const row = this.querySelector<HTMLElement>(`[data-id="${CSS.escape(this.current)}"]`);
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
  }
}
