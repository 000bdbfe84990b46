/** A new password for the old one. */

import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { rest } from '../lib/rest';
import { forgetSession } from '../lib/session';
import { texts } from '../texts';
import { field, FormElement, valuesOf } from './form';

const words = texts.people.account.password;

@customElement('fl-password')
export class Password extends FormElement {
  protected override render(): TemplateResult {
    return html`
      <section class="panel" aria-labelledby="password-title">
        <h2 id="password-title">${words.title}</h2>
        ${this.said()}
        <form @submit=${this.onChange}>
          ${field({ name: 'current', label: words.current, type: 'password', autocomplete: 'current-password', required: true, maxlength: 1024 })}
          ${field({ name: 'new', label: words.next, help: texts.people.sign.up.passwordHelp, type: 'password', autocomplete: 'new-password', required: true, minlength: 8, maxlength: 1024 })}
          ${this.submitButton(words.yes)}
        </form>
      </section>
    `;
  }

  private readonly onChange = async (event: SubmitEvent): Promise<void> => {
    const values = valuesOf(event, 'current', 'new');
    const form = event.target as HTMLFormElement;
    if (
      await this.work(async () => {
        await rest.account.change_password({ current: values.current, new: values.new });
        // The session is a new one, and so is its CSRF token.
        forgetSession();
      }, words.done)
    )
      form.reset();
  };
}
