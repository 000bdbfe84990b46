/** The broadcast, small beside the chat: loaded only when somebody wants to see it. */

import '../styles/player.css';
import { html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { Feed, type FeedState } from '../lib/feed';
import type { Channel } from '../lib/rest';
import { PageElement } from '../parts/element';
import { Admission } from '../player/admission';
import { entrance } from '../player/entrance';

@customElement('fl-moderate-picture')
export class Picture extends PageElement {
  @property() channel = '';
  @state() private feed: FeedState<Channel> = { kind: 'loading' };
  private admission!: Admission;
  private source!: Feed<Channel>;

  override connectedCallback(): void {
    super.connectedCallback();
    this.admission = new Admission(this, this.channel);
    this.source = new Feed<Channel>(`/api/v1/channels/${encodeURIComponent(this.channel)}`, (state) => {
      this.feed = state;
      if (state.kind === 'value') this.admission.admit(state.value);
    });
    this.source.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.source.stop();
  }

  protected override render(): TemplateResult {
    return html`${entrance(this.channel, this.feed, this.source, this.admission)}`;
  }
}
