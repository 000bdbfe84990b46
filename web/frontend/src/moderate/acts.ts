/** What can be done to an account: timeout, ban, warning, a closer look, a role. */

import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { span } from '../chat/words';
import type { Message } from '../lib/frames';
import { PageElement } from '../parts/element';
import { moderation } from './texts';
import type { Desk } from './desk';
import type { Suspicion, UserCard } from './server';

const words = moderation.card;
/** Seconds. */
const TIMEOUTS = [60, 600, 3600, 86_400, 7 * 86_400, 14 * 86_400];
const LEVELS: Suspicion[] = ['none', 'monitored', 'restricted'];

@customElement('fl-acts')
export class Acts extends PageElement {
  @property({ attribute: false }) desk!: Desk;
  @property({ attribute: false }) card!: UserCard;
  @property({ attribute: false }) message: Message | null = null;
  @state() private busy = false;

  begin(which: 'timeout' | 'ban' | 'warn'): void {
    const place = { timeout: '.timeouts button', ban: 'select[name=lasts]', warn: 'input[name=reason]' }[which];
    this.querySelector<HTMLElement>(place)?.focus();
  }

  protected override render(): TemplateResult {
    const { card, message } = this;
    const { chatter } = card;
    const { server } = this.desk;
    const can = (...actions: UserCard['can']): boolean => actions.some((action) => card.can.includes(action));
    if (chatter.account === this.desk.me) return html`<p class="quiet-line">${words.self}</p>`;
    if (!can('timeout', 'ban', 'warn')) return html`<p class="quiet-line">${words.notBelow}</p>`;
    const muted = chatter.muted_until_ms !== null && chatter.muted_until_ms > Date.now();
    return html`
      <form class="acts-of" aria-label=${words.act} @submit=${(event: Event) => event.preventDefault()}>
        ${message === null
          ? nothing
          : html`<p class="chosen"><span class="hidden-text">${words.selected}</span><bdi class="words">${message.text}</bdi>
              ${this.button(words.deleteThis, () => server.remove(message.id, this.reason))}</p>`}
        <label class="field"><span>${moderation.reasonSeen}</span><input name="reason" maxlength="300" autocomplete="off" /></label>
        <fieldset class="timeouts">
          <legend>${words.timeout} <kbd aria-hidden="true">T</kbd></legend>
          ${TIMEOUTS.map((seconds) => this.button(span(seconds), () => server.timeout(chatter.account, seconds, this.reason)))}
          <span class="other">
            <label><span class="hidden-text">${words.minutes}</span><input name="minutes" type="number" min="1" max="20160" placeholder=${words.minutes} @keydown=${this.onMinutes} /></label>
            ${this.button(words.timeout, () => this.forMinutes())}
          </span>
          ${muted ? this.button(words.endTimeout, () => server.endTimeout(chatter.account), 'primary') : nothing}
        </fieldset>
        <fieldset>
          <legend>${words.banTitle} <kbd aria-hidden="true">B</kbd></legend>
          ${card.banned
            ? this.button(words.unban, () => server.unban(chatter.account), 'primary')
            : html`<label class="inline"><span>${words.lasts}</span><select name="lasts">${words.expiries.map(([seconds, label]) => html`<option value=${seconds}>${label}</option>`)}</select></label>
                ${this.button(words.ban, () => server.ban(chatter.account, this.lasts, this.reason), 'danger filled')}`}
        </fieldset>
        <div class="buttons">
          ${chatter.warning === '' ? this.button(words.warn, () => this.warn(), '', 'W') : this.button(words.unwarn, () => server.unwarn(chatter.account))}
          ${this.button(words.purge, () => server.purge(chatter.account, this.reason), 'danger')}
          ${can('make_vip') && chatter.role === null ? this.button(words.vip, () => server.makeVip(chatter.account)) : nothing}
          ${can('unmake_vip') && chatter.role === 'vip' ? this.button(words.unvip, () => server.takeRole(chatter.account)) : nothing}
        </div>
        <fieldset class="levels">
          <legend>${words.watch}</legend>
          <div class="chips">
            ${LEVELS.map(
              (level) => html`<button class="chip" type="button" aria-pressed=${level === chatter.suspicion} ?disabled=${this.busy} @click=${() => this.act(() => server.suspect(chatter.account, level, this.reason))}>${words.levels[level]}</button>`,
            )}
          </div>
          <p class="sub">${words.levelHelp}</p>
        </fieldset>
      </form>
    `;
  }

  private button(label: string, work: () => Promise<unknown>, kind = '', key = ''): TemplateResult {
    return html`<button class=${`button small ${kind}`} type="button" ?disabled=${this.busy} @click=${() => this.act(work)}>${label}${key === '' ? nothing : html`<kbd aria-hidden="true">${key}</kbd>`}</button>`;
  }

  private async act(work: () => Promise<unknown>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const refusal = await this.desk.attempt(work);
    this.busy = false;
    const reason = this.field('reason');
    if (refusal === null && reason !== null) reason.value = '';
  }

  private field(name: string): HTMLInputElement | null {
    return this.querySelector<HTMLInputElement>(`input[name=${name}]`);
  }

  private get reason(): string {
    return this.field('reason')?.value.trim() ?? '';
  }

  private get lasts(): number | null {
    const chosen = this.querySelector<HTMLSelectElement>('select[name=lasts]')?.value ?? '';
    return chosen === '' ? null : Number(chosen);
  }

  private async warn(): Promise<void> {
    const field = this.field('reason');
    if (field === null) return;
    // Somebody who is warned must be told of what.
    field.required = true;
    const valid = field.reportValidity();
    field.required = false;
    if (valid) await this.desk.server.warn(this.card.chatter.account, this.reason);
  }

  private async forMinutes(): Promise<void> {
    const field = this.field('minutes');
    if (field === null) return;
    field.required = true;
    const valid = field.reportValidity();
    field.required = false;
    if (!valid) return;
    await this.desk.server.timeout(this.card.chatter.account, Math.round(Number(field.value) * 60), this.reason);
    field.value = '';
  }

  private readonly onMinutes = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') void this.act(() => this.forMinutes());
  };
}
