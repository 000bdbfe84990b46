/** Take my data with me, or leave altogether. */

import { Download } from 'lucide';
import { html, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { rest, type Account } from '../lib/rest';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import { field, FormElement, valuesOf } from './form';

const words = texts.people.account.data;

@customElement('fl-my-data')
export class MyData extends FormElement {
  @property({ attribute: false }) account!: Account;
  @query('dialog') private dialog!: HTMLDialogElement;

  protected override render(): TemplateResult {
    return html`
      <section class="panel" aria-labelledby="data-title">
        <h2 id="data-title">${words.title}</h2>
        <p class="lead">${words.body}</p>
        <p class="row">
          <a class="button" href="/api/v1/account/export" download=${`fanlight-${this.account.name}.json`}>${icon(Download)}${words.export}</a>
          <button class="button quiet danger" type="button" @click=${() => this.dialog.showModal()}>${words.delete}</button>
        </p>
        <dialog aria-label=${words.question}>
          <h2>${words.question}</h2>
          <p>${words.warning}</p>
          ${this.said()}
          <form @submit=${this.onDelete}>
            ${field({ name: 'password', label: words.password, type: 'password', autocomplete: 'current-password', required: true, maxlength: 1024 })}
            <div class="row">
              <button class="button" type="button" @click=${() => this.dialog.close()}>${texts.cancel}</button>
              ${this.submitButton(words.yes, 'danger filled')}
            </div>
          </form>
        </dialog>
      </section>
    `;
  }

  private readonly onDelete = async (event: SubmitEvent): Promise<void> => {
    const { password } = valuesOf(event, 'password');
    if (await this.work(() => rest.account.delete({ password }))) window.location.assign('/');
  };
}
