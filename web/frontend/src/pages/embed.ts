/** `/embed/<channel>`: the player alone, for another site's frame. */

import '../styles/base.css';
import '../styles/player.css';
import '../styles/embed.css';
import { html, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Channel } from '../lib/rest';
import { Feed, type FeedState } from '../lib/feed';
import { channelOfPath, PageElement } from '../parts/element';
import { mark } from '../parts/mark';
import { Admission } from '../player/admission';
import { entrance } from '../player/entrance';
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

  protected override render(): TemplateResult {
    return html`
      <main class="embed over-video">
        <h1 class="hidden-text">${this.name}</h1>
        ${entrance(this.name, this.feed, this.source, this.admission)}
        <a class="badge dark from" href=${`/watch/${this.name}`} target="_blank" rel="noopener">${mark()}${texts.embed.open}</a>
      </main>
    `;
  }
}
