/** Whom I follow. */

import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { rest, type Channel, type Follow } from '../lib/rest';
import { texts } from '../texts';
import { face } from './face';
import { FormElement } from './form';
import { List } from './list';

const words = texts.people.account.follows;

@customElement('fl-follows')
export class Follows extends FormElement {
  private readonly list = new List<Follow>(this, (query) => rest.follows.follows(query));

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.read();
  }

  protected override render(): TemplateResult {
    return html`
      <section class="panel" aria-labelledby="follows-title">
        <h2 id="follows-title">${words.title}</h2>
        ${this.said()} ${this.list.render((follow) => this.row(follow), words.empty)}
      </section>
    `;
  }

  private row({ channel, notify }: Follow): TemplateResult {
    const change = (event: Event): void => void this.notify(channel, (event.target as HTMLInputElement).checked);
    return html`
      <tr>
        <td><span class="with-face">${face({ display_name: channel.channel, avatar: channel.avatar })}<span><a href=${`/watch/${channel.channel}`}>${channel.title || channel.channel}</a><span class="sub">${channel.channel}</span></span></span></td>
        <td><label class="check"><input type="checkbox" .checked=${notify} ?disabled=${this.busy} @change=${change} />${words.notify}</label></td>
        <td class="end"><button class="button small" type="button" @click=${() => void this.unfollow(channel)}>${words.unfollow}</button></td>
      </tr>
    `;
  }

  private async notify(channel: Channel, notify: boolean): Promise<void> {
    await this.work(() => rest.follows.follow(channel.channel, { notify }));
    await this.list.read();
  }

  private async unfollow(channel: Channel): Promise<void> {
    await this.work(async () => {
      await rest.follows.unfollow(channel.channel);
      await this.list.read();
    });
  }
}
