/** `/account`: who I am, how I sign in, where I am signed in, whom I follow, what is kept about me. */

import '../styles/base.css';
import '../styles/people.css';
import '../parts/top';
import '../people/profile';
import '../people/api-tokens';
import '../people/logins';
import '../people/password';
import '../people/second-factor';
import '../people/sessions';
import '../people/follows';
import '../people/my-data';
import { html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { PeoplePage } from '../people/page';
import { side } from '../people/side';
import { texts } from '../texts';

const words = texts.people.account;

@customElement('fl-account')
export class AccountPage extends PeoplePage {
  @state() private section = window.location.hash.slice(1);

  override connectedCallback(): void {
    super.connectedCallback();
    document.title = words.page;
    window.addEventListener('hashchange', this.onHash);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('hashchange', this.onHash);
  }

  private readonly onHash = (): void => {
    this.section = window.location.hash.slice(1);
  };

  protected override render(): TemplateResult {
    return html`<fl-top here="account"></fl-top>${this.account ? this.content() : this.waiting()}`;
  }

  private content(): TemplateResult {
    const here = this.section in words.sections ? (this.section as keyof typeof words.sections) : 'profile';
    const parts = {
      profile: html`<fl-profile .account=${this.account}></fl-profile>`,
      security: html`<fl-password></fl-password><fl-second-factor></fl-second-factor><fl-logins></fl-logins>`,
      tokens: html`<fl-api-tokens></fl-api-tokens>`,
      sessions: html`<fl-sessions></fl-sessions>`,
      follows: html`<fl-follows></fl-follows>`,
      data: html`<fl-my-data .account=${this.account}></fl-my-data>`,
    };
    return html`
      <main id="content" class="page people" tabindex="-1">
        <h1>${words.title}</h1>
        <div class="with-side">${side(words.sections, here, words.title)}<div>${parts[here]}</div></div>
      </main>
    `;
  }
}
