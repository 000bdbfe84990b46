/** What is written in a call: seen by who is in it, kept nowhere. */

import { SendHorizontal } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { realtime } from '../chat/connection';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import type { Call, Said } from './call';
import { words as all } from './texts';

const words = all.chat;

@customElement('fl-call-talk')
export class CallTalk extends PageElement {
  @property({ attribute: false }) call!: Call;
  @property({ attribute: false }) said: readonly Said[] = [];
  @state() private problem = '';
  @query('.said-list') private list!: HTMLElement;
  @query('input') private input!: HTMLInputElement;

  override focus(): void {
    this.input?.focus();
  }

  protected override firstUpdated(): void {
    this.focus();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('said')) this.list.scrollTop = this.list.scrollHeight;
    this.call.read();
  }

  protected override render(): TemplateResult {
    return html`<div class="talk">
      <div class="said-list" role="log" aria-label=${words.title} tabindex="0">
        ${this.said.length === 0 ? html`<p class="help">${words.empty}</p>` : this.said.map((one) => html`<div class="said-one" ?data-own=${one.seat === this.call.you}><p class="who">${one.name}<time class="numbers">${new Date(one.at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}</time></p><p>${one.text}</p></div>`)}
      </div>
      ${this.problem === '' ? nothing : html`<p class="notice bad" role="alert"><span class="said">${this.problem}</span></p>`}
      <form class="with-button" @submit=${this.onSubmit}>
        <input class="say" name="text" aria-label=${words.write} placeholder=${words.write} autocomplete="off" maxlength=${realtime().longestText} />
        <button class="button primary square" type="submit" aria-label=${words.send} title=${words.send}>${icon(SendHorizontal)}</button>
      </form>
    </div>`;
  }

  private readonly onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const text = this.input.value.trim();
    if (text === '') return;
    this.problem = '';
    this.input.value = '';
    this.call.say(text, (why) => {
      this.problem = `${words.problem} ${why.detail}`;
      if (this.input.value === '') this.input.value = text;
    });
  };
}
