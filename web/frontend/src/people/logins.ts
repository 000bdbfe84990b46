/** My logins at providers that vouch for people; nothing where the operator named none. */

import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { rest, type Login, type SignInProvider } from '../lib/rest';
import { texts } from '../texts';
import { FormElement } from './form';
import { signInProviders } from './providers';
import { when } from './when';

const words = texts.people.account.logins;

@customElement('fl-logins')
export class Logins extends FormElement {
  @state() private providers: SignInProvider[] = [];
  @state() private logins: Login[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.read();
  }

  private async read(): Promise<void> {
    this.providers = await signInProviders();
    if (this.providers.length > 0) this.logins = (await rest.logins.list()).logins;
  }

  protected override render(): TemplateResult | typeof nothing {
    if (this.providers.length === 0) return nothing;
    const others = this.providers.filter((provider) => !this.logins.some((login) => login.provider === provider.name));
    return html`
      <section class="panel" aria-labelledby="logins-title">
        <h2 id="logins-title">${words.title}</h2>
        <p class="lead">${words.body}</p>
        ${this.said()}
        <div class="table">
          <table>
            <tbody>
              ${this.logins.map((login) => this.row(login))}
            </tbody>
          </table>
        </div>
        <p class="row">${others.map((provider) => html`<a class="button" href=${`${provider.start}?next=/account%23security`}>${words.add(provider.label)}</a>`)}</p>
      </section>
    `;
  }

  private row(login: Login): TemplateResult {
    return html`
      <tr>
        <td>${login.label}<span class="sub">${login.email ?? nothing}</span></td>
        <td>${when(login.created_ms)}</td>
        <td class="end"><button class="button small" type="button" @click=${() => void this.unlink(login)}>${texts.people.remove}</button></td>
      </tr>
    `;
  }

  private async unlink(login: Login): Promise<void> {
    await this.work(async () => {
      await rest.logins.remove(login.provider);
      await this.read();
    });
  }
}
