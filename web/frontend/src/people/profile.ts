/** What others see of me, and my e-mail address. */

import { Upload } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { rest, type Account } from '../lib/rest';
import { forgetSession } from '../lib/session';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import { face } from './face';
import { field, FormElement, valuesOf } from './form';

const words = texts.people.account.profile;

@customElement('fl-profile')
export class Profile extends FormElement {
  @property({ attribute: false }) account!: Account;
  @state() private asked = false;

  protected override render(): TemplateResult {
    const { account } = this;
    return html`
      <section class="panel" aria-labelledby="profile-title">
        <h2 id="profile-title">${words.title}</h2>
        ${this.said()}
        <div class="who">
          ${face(account, 'large')}
          <label class="button">
            ${icon(Upload)}${words.choosePicture}
            <input class="hidden-text" type="file" accept="image/png,image/jpeg,image/webp,image/gif" aria-label=${words.picture} @change=${this.onPicture} />
          </label>
        </div>
        <p class="help">${words.pictureHelp}</p>
        <form @submit=${this.onSave}>
          ${field({ name: 'display_name', label: words.display, value: account.display_name, autocomplete: 'nickname', required: true, maxlength: 64 })}
          ${field({ name: 'colour', label: words.colour, type: 'color', value: account.colour || '#d9a441' })}
          ${field({ name: 'email', label: words.email, type: 'email', value: account.email ?? '', autocomplete: 'email', maxlength: 254 })}
          ${account.email === null ? nothing : this.verified()} ${this.submitButton(texts.people.save)}
        </form>
      </section>
    `;
  }

  private verified(): TemplateResult {
    if (this.account.email_verified) return html`<p><span class="tag good">${words.verified}</span></p>`;
    return html`
      <p class="row">
        <span class="tag">${words.unverified}</span>
        ${this.asked ? html`<span class="help" role="status">${words.verifySent}</span>` : html`<button class="button small" type="button" @click=${this.onVerify}>${words.verify}</button>`}
      </p>
    `;
  }

  private readonly onSave = async (event: SubmitEvent): Promise<void> => {
    const { display_name, colour, email } = valuesOf(event, 'display_name', 'colour', 'email');
    await this.work(async () => {
      const change = { display_name, colour, email: email.trim() || null };
      this.account = await rest.account.change(change, this.account.version);
      forgetSession();
    }, texts.people.saved);
  };

  private readonly onVerify = async (): Promise<void> => {
    this.asked = await this.work(() => rest.account.ask_verification());
  };

  private readonly onPicture = async (event: Event): Promise<void> => {
    const file = (event.target as HTMLInputElement).files?.[0];
    if (file === undefined) return;
    await this.work(async () => {
      this.account = await rest.account.set_avatar(file);
    }, words.pictureSet);
  };
}
