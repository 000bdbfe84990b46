/** Links into a call: made, copied, listed and revoked. A link's secret is behind its `#`, where no server sees it. */

import { Link, UserPlus } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { rest, type CallInvite } from '../lib/rest';
import { copyText } from '../parts/copy';
import { icon } from '../parts/icon';
import { FormElement, valuesOf } from '../people/form';
import { words as all } from './texts';

const words = all.invites;
const MINUTES = [
  [60, words.hour],
  [1440, words.day],
  [10_080, words.week],
] as const;

@customElement('fl-call-invites')
export class CallInvites extends FormElement {
  @property() call = '';
  @state() private made = '';
  @state() private open: readonly CallInvite[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    void this.read();
  }

  private readonly read = async (): Promise<void> => {
    this.open = (await rest.calls.invites(this.call).catch(() => ({ items: [], next: null }))).items;
  };

  protected override render(): TemplateResult {
    return html`<section class="invites" aria-labelledby="invites-title">
      <h3 id="invites-title">${words.title}</h3>
      <form @submit=${this.onSubmit}>
        <label class="field"><span>${words.minutes}</span><select name="minutes">${MINUTES.map(([minutes, label]) => html`<option value=${minutes} ?selected=${minutes === 1440}>${label}</option>`)}</select></label>
        <label class="check"><input type="checkbox" name="guests" checked />${words.guests}</label>
        <label class="check"><input type="checkbox" name="single" />${words.single}</label>
        <button class="button wide" type="submit" ?disabled=${this.busy}>${icon(UserPlus)}${words.link}</button>
      </form>
      ${this.said()}
      ${this.made === '' ? nothing : html`<fl-command .text=${this.made}></fl-command><button class="button small" type="button" @click=${this.onCopy}>${icon(Link)}${words.copy}</button><p class="help">${words.made}</p>`}
      ${this.open.length === 0 ? nothing : html`<ul class="open-links" aria-label=${words.open}>${this.open.map((invite) => this.row(invite))}</ul>`}
    </section>`;
  }

  private row(invite: CallInvite): TemplateResult {
    const until = new Date(invite.expires_ms);
    return html`<li><span class="sub">${words.until} <time class="numbers" datetime=${until.toISOString()}>${until.toLocaleString([], { dateStyle: 'short', timeStyle: 'short' })}</time>${invite.single_use ? ` · ${words.used}` : nothing}</span><button class="button small quiet danger" type="button" @click=${() => void this.revoke(invite.id)}>${words.revoke}</button></li>`;
  }

  private readonly onSubmit = async (event: SubmitEvent): Promise<void> => {
    const values = valuesOf(event, 'minutes', 'guests', 'single');
    await this.work(async () => {
      const { url } = await rest.calls.invite(this.call, { minutes: Number(values.minutes), single_use: values.single !== '', guests: values.guests !== '' });
      this.made = url ?? '';
    });
    void this.read();
  };

  private readonly onCopy = async (): Promise<void> => {
    if (await copyText(this.made)) this.done = words.copied;
  };

  private async revoke(invite: string): Promise<void> {
    await this.work(() => rest.calls.revoke(this.call, invite));
    void this.read();
  }
}
