/** `/embed/<channel>`: the player alone, for another site's frame. */

import '../styles/base.css';
import '../styles/player.css';
import '../styles/embed.css';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Channel } from '../lib/rest';
import { Feed, type FeedState } from '../lib/feed';
import { channelOfPath, PageElement } from '../parts/element';
import { mark } from '../parts/mark';
import { Admission } from '../player/admission';
import { entrance } from '../player/entrance';
import type { Player } from '../player/player';
import { texts } from '../texts';

@customElement('fl-embed')
export class Embed extends PageElement {
  @state() private feed: FeedState<Channel> = { kind: 'loading' };

  private readonly name = channelOfPath(window.location.pathname);
  private readonly admission = new Admission(this, this.name);
  private readonly source = new Feed<Channel>(`/api/v1/channels/${encodeURIComponent(this.name)}`, (state) => {
    this.feed = state;
    if (state.kind === 'value') this.admission.admit(state.value);
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.source.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.source.stop();
  }

  /** `?chat=1`: what is said beside the picture, or below it in a narrow frame. */
  private readonly chatWanted = new URLSearchParams(window.location.search).get('chat') === '1';

  private chat(): TemplateResult | typeof nothing {
    if (!this.chatWanted || this.feed.kind !== 'value' || !['open', 'granted'].includes(this.admission.door(this.feed.value))) return nothing;
    void import('../chat/beside');
    return html`<aside class="beside"><fl-chat .channel=${this.name} .bearer=${this.admission.bearer} .seen=${() => this.querySelector<Player>('fl-player')?.seen ?? null}></fl-chat></aside>`;
  }

  protected override render(): TemplateResult {
    return html`
      <main class=${this.chatWanted ? 'embed over-video with-chat' : 'embed over-video'}>
        <h1 class="hidden-text">${this.name}</h1>
        ${entrance(this.name, this.feed, this.source, this.admission)} ${this.chat()}
        <a class="badge dark from" href=${`/watch/${this.name}`} target="_blank" rel="noopener">${mark()}${texts.embed.open}</a>
      </main>
    `;
  }
}
