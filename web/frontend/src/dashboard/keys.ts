/** The channel's stream keys: made, shown once, revoked. */

import '../parts/copy';
import '../people/confirm';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { rest, type StreamKey } from '../lib/rest';
import { field, valuesOf } from '../people/form';
import { List } from '../people/list';
import { when } from '../people/when';
import { texts } from '../texts';
import { ChannelElement } from './element';

const words = texts.people.dashboard.keys;

@customElement('fl-keys')
export class Keys extends ChannelElement {
  @state() private fresh = '';
  private readonly list = new List<StreamKey>(this, (query) => rest.keys.keys(this.name, query));

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.read();
  }

  protected override render(): TemplateResult {
    const head = html`<tr><th>${texts.people.dashboard.sections.keys}</th><th>${words.used}</th><th></th></tr>`;
    return html`
      <section class="panel" aria-labelledby="keys-title">
        <h2 id="keys-title">${texts.people.dashboard.sections.keys}</h2>
        <p class="lead">${words.body}</p>
        <div class="field"><span>${words.address}</span><fl-command text=${`${window.location.origin}/whip/${this.channel.channel}`}></fl-command></div>
        ${this.said()}
        ${this.fresh === '' ? nothing : html`<div class="field" role="status"><span>${words.fresh}</span><fl-command text=${this.fresh}></fl-command></div>`}
        ${this.list.render((key) => this.row(key), words.empty, head)}
        <form @submit=${this.onAdd}>
          ${field({ name: 'name', label: words.name, required: true, maxlength: 60 })} ${this.submitButton(words.add)}
        </form>
      </section>
    `;
  }

  private row(key: StreamKey): TemplateResult {
    return html`
      <tr>
        <td>${key.name || words.unnamed}<span class="sub">${when(key.created_ms)}</span></td>
        <td data-label=${words.used}>${key.used_ms === null ? words.never : when(key.used_ms)}</td>
        <td class="end">
          ${key.revoked_ms === null
            ? html`<fl-confirm label=${words.revoke} question=${words.question} body=${words.warning} yes=${words.revoke} .act=${() => void this.revoke(key)}></fl-confirm>`
            : html`<span class="tag">${words.revoked}</span>`}
        </td>
      </tr>
    `;
  }

  private readonly onAdd = async (event: SubmitEvent): Promise<void> => {
    const { name } = valuesOf(event, 'name');
    const form = event.target as HTMLFormElement;
    await this.work(async () => {
      this.fresh = (await rest.keys.create(this.name, { name })).key ?? '';
      form.reset();
      await this.list.read();
    });
  };

  private async revoke(key: StreamKey): Promise<void> {
    await this.work(async () => {
      await rest.keys.revoke(this.name, key.id);
      this.fresh = '';
      await this.list.read();
    });
  }
}
