/** Everybody, searched by name; who may run the server, who is banned. */

import '../parts/copy';
import '../people/confirm';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { rest, type Account, type AccountChange } from '../lib/rest';
import { face } from '../people/face';
import { FormElement } from '../people/form';
import { List } from '../people/list';
import { when } from '../people/when';
import { texts } from '../texts';

const words = texts.people.admin.accounts;
const invites = texts.people.admin.invites;

@customElement('fl-accounts')
export class Accounts extends FormElement {
  @state() private search = new URLSearchParams(window.location.search).get('search') ?? '';
  @state() private invitation = '';
  private readonly list = new List<Account>(this, (query) => rest.admin.accounts({ limit: '50', search: this.search, ...query }));
  private timer = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.read();
  }

  protected override render(): TemplateResult {
    const head = html`<tr><th>${words.name}</th><th>${words.role}</th><th>${words.since}</th><th></th></tr>`;
    return html`
      <section class="panel" aria-labelledby="accounts-title">
        <h2 id="accounts-title">${texts.people.admin.sections.accounts}</h2>
        <label class="field"><span>${words.search}</span><input type="search" .value=${this.search} autocapitalize="none" spellcheck="false" @input=${this.onSearch} /></label>
        ${this.said()} ${this.list.render((account) => this.row(account), words.empty, head)}
      </section>
      <section class="panel" aria-labelledby="invites-title">
        <h2 id="invites-title">${invites.title}</h2>
        <p class="lead">${invites.body}</p>
        ${this.invitation === '' ? nothing : html`<fl-command text=${this.invitation}></fl-command>`}
        <button class="button" type="button" ?disabled=${this.busy} @click=${this.onInvite}>${invites.yes}</button>
      </section>
    `;
  }

  private row(account: Account): TemplateResult {
    const banned = account.state === 'banned';
    return html`
      <tr>
        <td><span class="who">${face(account)}<span>${account.display_name}<span class="sub">${account.name}</span></span></span></td>
        <td>
          <select aria-label=${`${words.role}: ${account.name}`} @change=${(event: Event) => void this.change(account, { role: (event.target as HTMLSelectElement).value as Account['role'] })}>
            ${(['user', 'operator'] as const).map((role) => html`<option value=${role} .selected=${account.role === role}>${words[role]}</option>`)}
          </select>
        </td>
        <td data-label=${words.since}>${when(account.created_ms)}</td>
        <td class="end">
          ${banned
            ? html`<span class="row"><span class="tag bad">${words.banned}</span><button class="button small" type="button" @click=${() => void this.change(account, { state: 'active' })}>${words.unban}</button></span>`
            : html`<fl-confirm label=${words.ban} question=${words.question(account.name)} body=${words.warning} yes=${words.yes} .act=${() => void this.change(account, { state: 'banned' })}></fl-confirm>`}
        </td>
      </tr>
    `;
  }

  private async change(account: Account, change: AccountChange): Promise<void> {
    await this.work(async () => void (await rest.admin.govern(account.name, change, account.version)));
    await this.list.read();
  }

  private readonly onSearch = (event: Event): void => {
    this.search = (event.target as HTMLInputElement).value.trim();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      const address = new URL(window.location.href);
      if (this.search === '') address.searchParams.delete('search');
      else address.searchParams.set('search', this.search);
      window.history.replaceState(null, '', address);
      void this.list.read();
    }, 250);
  };

  private readonly onInvite = async (): Promise<void> => {
    await this.work(async () => {
      const { token } = await rest.accounts.invite({});
      this.invitation = `${window.location.origin}/signup#invite=${encodeURIComponent(token)}`;
    });
  };
}
