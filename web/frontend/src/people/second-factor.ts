/** A code of an authenticator beside the password: set in two steps, with recovery codes. */

import '../parts/copy';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { rest, type Enrolment } from '../lib/rest';
import { texts } from '../texts';
import { field, FormElement, valuesOf } from './form';

const words = texts.people.account.factor;

@customElement('fl-second-factor')
export class SecondFactor extends FormElement {
  @state() private enabled: boolean | null = null;
  @state() private enrolment: Enrolment | null = null;
  @state() private recovery: string[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.work(async () => {
      this.enabled = (await rest.second_factor.state()).enabled;
    });
  }

  protected override render(): TemplateResult {
    return html`
      <section class="panel" aria-labelledby="factor-title">
        <h2 id="factor-title">${words.title} ${this.enabled ? html`<span class="tag good">${words.on}</span>` : nothing}</h2>
        <p class="lead">${words.body}</p>
        ${this.said()} ${this.recovery.length > 0 ? this.codes() : nothing} ${this.step()}
      </section>
    `;
  }

  private step(): TemplateResult | typeof nothing {
    if (this.enabled === null) return nothing;
    if (this.enrolment !== null) return this.scan(this.enrolment);
    return html`
      <form @submit=${this.enabled ? this.onRemove : this.onBegin}>
        ${field({ name: 'password', label: words.password, type: 'password', autocomplete: 'current-password', required: true, maxlength: 1024 })}
        ${this.submitButton(this.enabled ? words.remove : words.begin, this.enabled ? 'danger' : 'primary')}
      </form>
    `;
  }

  private scan(enrolment: Enrolment): TemplateResult {
    return html`
      <p class="lead">${words.scan}</p>
      <img class="code-picture" src=${enrolment.picture} alt=${words.picture} width="205" height="205" />
      <div class="field"><span>${words.secret}</span><fl-command text=${enrolment.secret}></fl-command></div>
      <form @submit=${this.onConfirm}>
        ${field({ name: 'code', label: words.code, autocomplete: 'one-time-code', required: true, maxlength: 10 })} ${this.submitButton(words.confirm)}
      </form>
    `;
  }

  private codes(): TemplateResult {
    return html`<div class="field" role="status"><span>${words.recovery}</span><fl-command text=${this.recovery.join('\n')}></fl-command></div>`;
  }

  private readonly onBegin = async (event: SubmitEvent): Promise<void> => {
    const { password } = valuesOf(event, 'password');
    await this.work(async () => {
      this.enrolment = await rest.second_factor.begin({ password });
    });
  };

  private readonly onConfirm = async (event: SubmitEvent): Promise<void> => {
    const { code } = valuesOf(event, 'code');
    await this.work(async () => {
      this.recovery = (await rest.second_factor.confirm({ code })).recovery_codes;
      this.enrolment = null;
      this.enabled = true;
    });
  };

  private readonly onRemove = async (event: SubmitEvent): Promise<void> => {
    const { password } = valuesOf(event, 'password');
    await this.work(async () => {
      await rest.second_factor.remove({ password });
      this.enabled = false;
      this.recovery = [];
    }, words.removed);
  };
}
