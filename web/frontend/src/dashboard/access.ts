/** Who may watch the channel. */

import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Visibility } from '../lib/rest';
import { field, valuesOf } from '../people/form';
import { texts } from '../texts';
import { ChannelElement } from './element';

const words = texts.people.dashboard.access;

@customElement('fl-access')
export class Access extends ChannelElement {
  @state() private chosen: Visibility | null = null;

  protected override render(): TemplateResult {
    const chosen = this.chosen ?? this.channel.visibility;
    return html`
      <section class="panel" aria-labelledby="access-title">
        <h2 id="access-title">${texts.people.dashboard.sections.access}</h2>
        <p class="lead">${words.body}</p>
        ${this.said()}
        <form @submit=${this.onSave}>
          ${Object.entries(words.choices).map(
            ([name, [title, help]]) => html`
              <label class="check choice">
                <input type="radio" name="visibility" value=${name} .checked=${name === chosen} @change=${() => (this.chosen = name as Visibility)} />
                <span>${title}<span class="help">${help}</span></span>
              </label>
            `,
          )}
          ${chosen === 'password' ? field({ name: 'password', label: words.password, type: 'password', autocomplete: 'new-password', required: this.channel.visibility !== 'password', minlength: 4, maxlength: 200 }) : nothing}
          ${this.submitButton(texts.people.save)}
        </form>
      </section>
    `;
  }

  private readonly onSave = async (event: SubmitEvent): Promise<void> => {
    const { visibility, password } = valuesOf(event, 'visibility', 'password');
    await this.work(() => this.change({ visibility: visibility as Visibility, ...(password ? { password } : {}) }), texts.people.saved);
  };
}
