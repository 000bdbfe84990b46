/** `/`: who is live. */

import '../styles/base.css';
import '../styles/front.css';
import '../parts/copy';
import '../parts/top';
import { CircleAlert, Eye, Terminal, Video } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { Feed, type FeedState } from '../lib/feed';
import { count, since } from '../lib/format';
import type { Broadcasts, Channel } from '../lib/rest';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { mark } from '../parts/mark';
import { face } from '../people/face';
import { texts } from '../texts';

@customElement('fl-front')
export class Front extends PageElement {
  @state() private feed: FeedState<Broadcasts> = { kind: 'loading' };
  @state() private now = Date.now();
  @state() private broken: ReadonlySet<string> = new Set();

  private readonly source = new Feed<Broadcasts>('/api/v1/broadcasts', (state) => {
    // An error answers a question nobody asked anew: keep the skeletons for the first answer only.
    if (state.kind !== 'loading' || this.feed.kind !== 'value') this.feed = state;
  });
  private timer = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.source.start();
    this.timer = window.setInterval(() => {
      this.now = Date.now();
    }, 15_000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.source.stop();
    window.clearInterval(this.timer);
  }

  protected override render(): TemplateResult {
    const found = this.feed.kind === 'value' ? this.feed.value.broadcasts : [];
    document.title = texts.front.pageTitle(found.length);
    return html`
      <fl-top here="front"></fl-top>
      <main id="content" class="page front" tabindex="-1">${this.content(found)}</main>
    `;
  }

  private content(found: Channel[]): TemplateResult {
    if (this.feed.kind === 'loading') return this.loading();
    if (this.feed.kind === 'error') return this.error(this.feed.error.code);
    if (found.length === 0) return this.empty();
    const followed = found.filter((channel) => channel.following);
    return html`
      <h1>${texts.front.title}</h1>
      ${this.feed.fresh ? nothing : html`<p class="notice warn" role="status">${icon(CircleAlert)}<span class="said">${texts.front.stale}</span></p>`}
      ${this.cards(followed, texts.people.followed)}
      ${this.cards(found.filter((channel) => !channel.following), followed.length > 0 ? texts.people.others : '')}
    `;
  }

  private cards(channels: Channel[], title: string): TemplateResult | typeof nothing {
    if (channels.length === 0) return nothing;
    return html`
      ${title === '' ? nothing : html`<h2 class="of-cards">${title}</h2>`}
      <ul class=${channels.length === 1 && title === '' ? 'cards single' : 'cards'}>
        ${repeat(
          channels,
          (channel) => channel.channel,
          (channel) => html`<li>${this.card(channel)}</li>`,
        )}
      </ul>
    `;
  }

  private card(channel: Channel): TemplateResult {
    const poster = channel.poster !== '' && !this.broken.has(channel.poster);
    const live = channel.state === 'live';
    return html`
      <a class="card" href=${channel.watch}>
        <div class="poster">
          ${poster
            ? html`<img src=${channel.poster} alt="" loading="lazy" decoding="async" crossorigin="anonymous" @error=${() => this.breaks(channel.poster)} />`
            : html`<span class="no-poster">${mark('dim')}</span>`}
          <span class="on-poster">
            ${live ? html`<span class="badge live">${mark('live')}${texts.live}</span>` : html`<span class="badge dark">${texts.front.interrupted}</span>`}
            <span class="badge dark numbers">${icon(Eye)}${count(channel.viewers, true)}<span class="hidden-text"> ${texts.viewers(channel.viewers)}</span></span>
          </span>
        </div>
        <div class="about with-face">
          ${face({ display_name: channel.channel, avatar: channel.avatar })}
          <div>
            <h2>${channel.title}</h2>
            <p><span>${channel.channel}</span><span class="numbers">${texts.front.liveFor(since(this.now - channel.started_ms))}</span></p>
          </div>
        </div>
      </a>
    `;
  }

  private breaks(poster: string): void {
    this.broken = new Set([...this.broken, poster]);
  }

  private loading(): TemplateResult {
    return html`
      <h1 class="hidden-text" role="status">${texts.front.loading}</h1>
      <div class="skeleton heading"></div>
      <div class="cards" aria-hidden="true">
        ${[1, 2, 3].map(
          () => html`<div class="card"><div class="poster skeleton"></div><div class="about"><div class="skeleton line"></div><div class="skeleton line short"></div></div></div>`,
        )}
      </div>
    `;
  }

  private empty(): TemplateResult {
    const address = window.location.origin;
    return html`
      <div class="empty">
        <div class="door">${mark('loading')}</div>
        <h1>${texts.front.empty.title}</h1>
        <p class="lead">${texts.front.empty.body}</p>
        <a class="button primary large" href="/studio">${icon(Video)}${texts.front.empty.studio}</a>
        <div class="other">
          <p>${icon(Terminal)}${texts.front.empty.other}</p>
          <fl-command text=${`fanlight publish --url ${address}/whip/CHANNEL --key KEY --test-pattern`}></fl-command>
          <p class="small">${texts.front.empty.create} <code>fanlight channel create CHANNEL</code></p>
        </div>
      </div>
    `;
  }

  private error(code: string): TemplateResult {
    return html`
      <div class="empty" role="alert">
        <div class="door">${mark('dim')}</div>
        <h1>${texts.front.error.title}</h1>
        <p class="lead">${texts.front.error.body}</p>
        <button class="button" type="button" @click=${() => window.location.reload()}>${texts.retry}</button>
        <p class="code-line">${texts.code} <code>${code}</code></p>
      </div>
    `;
  }
}
