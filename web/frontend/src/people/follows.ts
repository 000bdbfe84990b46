/** Whom I follow. */

import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { OwnChannel } from '../lib/people';
import { call } from '../lib/session';
import { texts } from '../texts';
import { FormElement } from './form';
import { List } from './list';

const words = texts.people.account.follows;

@customElement('fl-follows')
export class Follows extends FormElement {
  private readonly list = new List<OwnChannel>(this, () => '/account/follows');

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.read();
  }

  protected override render(): TemplateResult {
    return html`
      <section class="panel" aria-labelledby="follows-title">
        <h2 id="follows-title">${words.title}</h2>
        ${this.said()} ${this.list.render((channel) => this.row(channel), words.empty)}
      </section>
    `;
  }

  private row(channel: OwnChannel): TemplateResult {
    return html`
      <tr>
        <td><a href=${`/watch/${channel.channel}`}>${channel.title || channel.channel}</a><span class="sub">${channel.channel}</span></td>
        <td class="end"><button class="button small" type="button" @click=${() => void this.unfollow(channel)}>${words.unfollow}</button></td>
      </tr>
    `;
  }

  private async unfollow(channel: OwnChannel): Promise<void> {
    await this.work(async () => {
      await call('DELETE', `/account/follows/${channel.channel}`);
      await this.list.read();
    });
  }
}
