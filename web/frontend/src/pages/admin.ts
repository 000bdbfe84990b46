/** `/admin`: accounts, what is on air, and what was done. */

import '../styles/base.css';
import '../styles/people.css';
import '../parts/top';
import '../admin/accounts';
import '../admin/audit';
import '../admin/live';
import { html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { PeoplePage } from '../people/page';
import { side } from '../people/side';
import { texts } from '../texts';

const words = texts.people.admin;

@customElement('fl-admin')
export class Admin extends PeoplePage {
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
    return html`<fl-top here="admin"></fl-top>${this.account ? this.content(this.account.role === 'operator') : this.waiting()}`;
  }

  private content(operator: boolean): TemplateResult {
    const here = this.section in words.sections ? (this.section as keyof typeof words.sections) : 'accounts';
    const parts = { accounts: html`<fl-accounts></fl-accounts>`, live: html`<fl-on-air></fl-on-air>`, audit: html`<fl-audit></fl-audit>` };
    return html`
      <main id="content" class="page people" tabindex="-1">
        <h1>${words.title}</h1>
        ${operator
          ? html`<div class="with-side">${side(words.sections, here, words.title)}<div>${parts[here]}</div></div>`
          : html`<p class="notice warn" role="alert"><span class="said">${words.refused}</span></p>`}
      </main>
    `;
  }
}
