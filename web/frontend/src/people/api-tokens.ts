/** Tokens for bots and automation: made, shown once, revoked. */

import '../parts/copy';
import './confirm';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { rest, type ApiToken } from '../lib/rest';
import { texts } from '../texts';
import { field, FormElement } from './form';
import { List } from './list';
import { when } from './when';

const words = texts.people.account.tokens;

@customElement('fl-api-tokens')
export class ApiTokens extends FormElement {
  @state() private fresh = '';
  private readonly list = new List<ApiToken>(this, (query) => rest.api_tokens.list(query));

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.read();
  }

  protected override render(): TemplateResult {
    const head = html`<tr><th>${words.name}</th><th>${words.used}</th><th></th></tr>`;
    return html`
      <section class="panel" aria-labelledby="tokens-title">
        <h2 id="tokens-title">${words.title}</h2>
        <p class="lead">${words.body}</p>
        ${this.said()}
        ${this.fresh === '' ? nothing : html`<div class="field" role="status"><span>${words.fresh}</span><fl-command text=${this.fresh}></fl-command></div>`}
        ${this.list.render((token) => this.row(token), words.empty, head)}
        <form @submit=${this.onMake}>
          ${field({ name: 'name', label: words.label, required: true, maxlength: 60 })}
          <fieldset class="scopes">
            <legend>${words.scopes}</legend>
            ${Object.entries(words.names).map(([scope, name]) => html`<label class="check"><input type="checkbox" name="scope" value=${scope} />${name}</label>`)}
          </fieldset>
          ${this.submitButton(words.make)}
        </form>
      </section>
    `;
  }

  private row(token: ApiToken): TemplateResult {
    return html`
      <tr>
        <td>${token.name}<span class="sub">${token.scopes.map((scope) => words.names[scope] ?? scope).join(' · ')}</span></td>
        <td data-label=${words.used}>${token.used_ms === null ? words.never : when(token.used_ms)}</td>
        <td class="end"><fl-confirm label=${words.revoke} question=${words.question} body=${words.warning} yes=${words.revoke} .act=${() => void this.revoke(token)}></fl-confirm></td>
      </tr>
    `;
  }

  private readonly onMake = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const data = new FormData(form);
    await this.work(async () => {
      this.fresh = (await rest.api_tokens.create({ name: String(data.get('name')), scopes: data.getAll('scope').map(String) })).token ?? '';
      form.reset();
      await this.list.read();
    });
  };

  private async revoke(token: ApiToken): Promise<void> {
    await this.work(async () => {
      await rest.api_tokens.revoke(token.id);
      this.fresh = '';
      await this.list.read();
    });
  }
}
