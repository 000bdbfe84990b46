/** Start a call of one's own. */

import { Video } from 'lucide';
import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { rest, type RelayRule } from '../lib/rest';
import { icon } from '../parts/icon';
import { field, FormElement, valuesOf } from '../people/form';
import { words as all } from './list-texts';

const words = all.create;
const RELAYS: readonly RelayRule[] = ['guests', 'everybody', 'nobody'];

@customElement('fl-call-start')
export class CallStart extends FormElement {
  protected override render(): TemplateResult {
    return html`<section class="panel" aria-labelledby="start-title">
      <h2 id="start-title">${words.title}</h2>
      ${this.said()}
      <form @submit=${this.onSubmit}>
        ${field({ name: 'title', label: words.name, maxlength: 100 })}
        <label class="check"><input type="checkbox" name="lobby" checked />${words.lobby}</label>
        <label class="field"><span>${words.relay}</span><select name="relay">${RELAYS.map((one) => html`<option value=${one}>${words.relays[one]}</option>`)}</select></label>
        <button class="button primary" type="submit" ?disabled=${this.busy}>${icon(Video)}${words.yes}</button>
      </form>
    </section>`;
  }

  private readonly onSubmit = async (event: SubmitEvent): Promise<void> => {
    const { title, lobby, relay } = valuesOf(event, 'title', 'lobby', 'relay');
    await this.work(async () => {
      const made = await rest.calls.create({ title, lobby: lobby !== '', relay_only: relay as RelayRule });
      window.location.assign(`/calls/${made.name}`);
    });
  };
}
