/** Whom I follow. */

import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { rest, type Channel } from '../lib/rest';
import { texts } from '../texts';
import { FormElement } from './form';
import { List } from './list';

const words = texts.people.account.follows;

@customElement('fl-follows')
export class Follows extends FormElement {
  private readonly list = new List<Channel>(this, (query) => rest.follows.follows(query));

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

  private row(channel: Channel): TemplateResult {
    return html`
      <tr>
        <td><a href=${`/watch/${channel.channel}`}>${channel.title || channel.channel}</a><span class="sub">${channel.channel}</span></td>
        <td class="end"><button class="button small" type="button" @click=${() => void this.unfollow(channel)}>${words.unfollow}</button></td>
      </tr>
    `;
  }

  private async unfollow(channel: Channel): Promise<void> {
    await this.work(async () => {
      await rest.follows.unfollow(channel.channel);
      await this.list.read();
    });
  }
}
