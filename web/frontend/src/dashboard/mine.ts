/** The channels I own, and a new one. */

import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { ApiError } from '../lib/api';
import { count } from '../lib/format';
import { rest, type Channel } from '../lib/rest';
import { asApiError } from '../lib/session';
import { mark } from '../parts/mark';
import { field, FormElement, NAME_PATTERN, problemNotice, valuesOf } from '../people/form';
import { texts } from '../texts';

const words = texts.people.dashboard;

@customElement('fl-my-channels')
export class MyChannels extends FormElement {
  @state() private found: Channel[] | null = null;
  @state() private unread: ApiError | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.read();
  }

  private async read(): Promise<void> {
    try {
      this.found = (await rest.channels.mine({ limit: '100' })).items;
    } catch (error) {
      this.unread = asApiError(error);
    }
  }

  protected override render(): TemplateResult {
    if (this.unread !== null) return problemNotice(this.unread);
    if (this.found === null)
      return html`<div class="channels" aria-hidden="true"><div class="panel"><div class="skeleton line"></div><div class="skeleton line short"></div></div></div>`;
    return html`
      <div class="mine">
        ${this.found.length === 0 ? html`<p class="nothing">${words.empty}</p>` : html`<div class="channels">${this.found.map((channel) => this.card(channel))}</div>`}
        <section class="panel" aria-labelledby="new-channel">
          <h2 id="new-channel">${words.create.title}</h2>
          ${this.said()}
          <form @submit=${this.onCreate}>
            ${field({ name: 'name', label: words.create.name, help: words.create.nameHelp, required: true, maxlength: 32, pattern: NAME_PATTERN })}
            ${field({ name: 'title', label: words.create.words, maxlength: 200 })} ${this.submitButton(words.create.yes)}
          </form>
        </section>
      </div>
    `;
  }

  private card(channel: Channel): TemplateResult {
    const live = channel.state === 'live';
    return html`
      <a class="panel" href=${`/dashboard/${channel.channel}`}>
        <h2>${channel.title || channel.channel}</h2>
        <p>
          ${live ? html`<span class="badge live">${mark('live')}${texts.live}</span>` : nothing}
          <span>${channel.channel}</span>
          <span class="tag">${words.access.choices[channel.visibility]?.[0] ?? channel.visibility}</span>
          <span class="numbers">${texts.people.follow.followers(count(channel.followers))}</span>
        </p>
      </a>
    `;
  }

  private readonly onCreate = async (event: SubmitEvent): Promise<void> => {
    const { name, title } = valuesOf(event, 'name', 'title');
    if (await this.work(async () => void (await rest.channels.create({ name, title: title.trim() || name })))) window.location.assign(`/dashboard/${name}`);
  };
}
