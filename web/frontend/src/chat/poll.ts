/** A poll as it stands, and a vote in it. */

import { ChartBarBig, Check, X } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Poll } from '../lib/frames';
import { clock, count, percent } from '../lib/format';
import { rest } from '../lib/rest';
import { icon } from '../parts/icon';
import { FormElement } from '../people/form';
import { texts } from '../texts';

const words = texts.chat.poll;

@customElement('fl-chat-poll')
export class PollCard extends FormElement {
  @property() channel = '';
  @property({ attribute: false }) poll!: Poll;
  @property({ type: Boolean }) votes = false;
  @property({ type: Boolean }) moderates = false;
  /** Seconds until it closes. */
  @property({ type: Number }) left = 0;
  /** The option we chose, -1 for none that we know of. */
  @property({ type: Number }) mine = -1;
  @property({ attribute: false }) vote: (option: number) => void = () => undefined;

  protected override render(): TemplateResult {
    const { poll } = this;
    const sum = poll.votes.reduce((one, other) => one + other, 0);
    const over = poll.closed || this.left <= 0;
    return html`
      <section class="poll" aria-label=${words.title}>
        <p class="kind">
          ${icon(ChartBarBig)}<span class="numbers">${over ? words.over : words.left(clock(this.left))}</span><span class="numbers">${words.votes(count(sum), sum === 1)}</span>
          ${this.moderates ? this.tools(over) : nothing}
        </p>
        <h3><bdi>${poll.question}</bdi></h3>
        ${this.said()}
        <ul>
          ${poll.options.map((option, index) => this.option(option, index, poll.votes[index] ?? 0, sum, over))}
        </ul>
      </section>
    `;
  }

  private option(option: string, index: number, votes: number, sum: number, over: boolean): TemplateResult {
    const share = sum === 0 ? 0 : votes / sum;
    const mine = index === this.mine;
    return html`<li>
      <button class=${mine ? 'option mine' : 'option'} type="button" aria-pressed=${mine} ?disabled=${over || !this.votes} .style=${`--share: ${(share * 100).toFixed(1)}%`} @click=${() => this.vote(index)}>
        ${mine ? icon(Check) : nothing}<bdi>${option}</bdi><span class="numbers" aria-label=${words.votes(count(votes), votes === 1)}>${percent(Math.round(share * 100) / 100)}</span>
      </button>
    </li>`;
  }

  private tools(over: boolean): TemplateResult {
    return over
      ? html`<button class="link" type="button" ?disabled=${this.busy} @click=${() => this.work(() => rest.polls.dismiss(this.channel))}>${icon(X)}${words.dismiss}</button>`
      : html`<button class="link" type="button" ?disabled=${this.busy} @click=${() => this.work(() => rest.polls.close(this.channel, this.poll.id))}>${words.end}</button>`;
  }
}
