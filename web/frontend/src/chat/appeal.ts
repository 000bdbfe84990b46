/** Somebody who is banned asks to be let back in, and sees what became of it. */

import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { rest, type OwnAppeal } from '../lib/rest';
import { FormElement, valuesOf } from '../people/form';
import { texts } from '../texts';

const words = texts.chat.appeal;

@customElement('fl-chat-appeal')
export class Appeal extends FormElement {
  @property() channel = '';
  @state() private own: OwnAppeal | null = null;
  @state() private known = false;

  override connectedCallback(): void {
    super.connectedCallback();
    rest.chat_appeals.own(this.channel).then(
      (own) => {
        this.own = own;
        this.known = true;
      },
      () => (this.known = true),
    );
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.known) return nothing;
    const { own } = this;
    if (own?.state === 'open') return html`<p role="status">${words.sent}</p>`;
    return html`
      ${own?.state === 'denied' ? html`<p>${words.denied} <bdi>${own.answer}</bdi></p>` : nothing}
      <details>
        <summary class="button">${words.title}</summary>
        <form @submit=${this.onSubmit}>
          <label class="field"><span>${words.label}</span><textarea name="text" rows="3" maxlength="1000" required></textarea></label>
          ${this.said()} ${this.submitButton(words.yes)}
        </form>
      </details>
    `;
  }

  private readonly onSubmit = async (event: SubmitEvent): Promise<void> => {
    const { text } = valuesOf(event);
    await this.work(async () => {
      this.own = await rest.chat_appeals.appeal(this.channel, { text: (text ?? '').trim() });
    });
  };
}
