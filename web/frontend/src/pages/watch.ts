/** `/watch/<channel>`: the player, and what is to know about the broadcast. */

import '../styles/base.css';
import '../styles/player.css';
import '../styles/watch.css';
import '../parts/top';
import '../people/follow';
import { Check, Eye, MessageSquare, Share2, Shield } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { Channel } from '../lib/rest';
import { Feed, type FeedState } from '../lib/feed';
import { count, since } from '../lib/format';
import { recall, remember } from '../lib/storage';
import { copyText } from '../parts/copy';
import { channelOfPath, PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { mark } from '../parts/mark';
import { face } from '../people/face';
import { Admission } from '../player/admission';
import { entrance } from '../player/entrance';
import type { Player } from '../player/player';
import { texts } from '../texts';

@customElement('fl-watch')
export class Watch extends PageElement {
  @state() private feed: FeedState<Channel> = { kind: 'loading' };
  @state() private now = Date.now();
  @state() private shared = false;
  @state() private chatHidden = recall('chat.hidden') === 'yes';
  @state() private chatOver = true;
  @state() private full = false;

  private readonly name = channelOfPath(window.location.pathname);
  private readonly admission = new Admission(this, this.name);
  private readonly source = new Feed<Channel>(`/api/v1/channels/${encodeURIComponent(this.name)}`, (state) => {
    this.feed = state;
    if (state.kind === 'value') this.admission.admit(state.value);
  });
  private timer = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.source.start();
    document.addEventListener('fullscreenchange', this.onFull);
    this.timer = window.setInterval(() => {
      this.now = Date.now();
    }, 15_000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.source.stop();
    document.removeEventListener('fullscreenchange', this.onFull);
    window.clearInterval(this.timer);
  }

  protected override render(): TemplateResult {
    const channel = this.feed.kind === 'value' ? this.feed.value : null;
    document.title = texts.watch.pageTitle(channel?.title ?? this.name);
    return html`
      <fl-top here="watch"></fl-top>
      <main id="content" class="watch" tabindex="-1" data-chat=${this.chat}>
        <div class="theatre" @chat=${this.turnChat}>${entrance(this.name, this.feed, this.source, this.admission, this.chat)} ${this.beside()}</div>
        ${this.about(channel)}
      </main>
    `;
  }

  /** Whoever may watch may read along. */
  private get chat(): 'none' | 'hidden' | 'shown' {
    if (this.feed.kind !== 'value') return 'none';
    const door = this.admission.door(this.feed.value);
    if (door !== 'open' && door !== 'granted') return 'none';
    return (this.full ? !this.chatOver : this.chatHidden) ? 'hidden' : 'shown';
  }

  private beside(): TemplateResult | typeof nothing {
    if (this.chat !== 'shown') return nothing;
    void import('../chat/beside');
    return html`<aside class="beside"><fl-chat .channel=${this.name} .seen=${this.seen} .bearer=${this.admission.bearer} variant="side" @hide=${this.turnChat}></fl-chat></aside>`;
  }

  private readonly seen = (): number | null => this.querySelector<Player>('fl-player')?.seen ?? null;

  private readonly turnChat = (): void => {
    if (this.full) this.chatOver = !this.chatOver;
    else {
      this.chatHidden = !this.chatHidden;
      remember('chat.hidden', this.chatHidden ? 'yes' : 'no');
    }
  };

  private readonly onFull = (): void => {
    this.full = document.fullscreenElement !== null;
    this.chatOver = false;
  };

  private about(channel: Channel | null): TemplateResult | typeof nothing {
    if (this.feed.kind === 'error') return nothing;
    if (channel === null)
      return html`<div class="page facts" aria-hidden="true"><div class="skeleton line title"></div><div class="skeleton line short"></div></div>`;
    const onAir = channel.state === 'live' || channel.state === 'interrupted';
    return html`
      <section class="page facts" aria-label=${texts.watch.about}>
        ${channel.banner === null ? nothing : html`<img class="banner" src=${channel.banner} alt="" width="1600" height="400" />`}
        ${face({ display_name: channel.channel, avatar: channel.avatar })}
        <div class="head">
          <h1>${channel.title}</h1>
          <p>
            ${onAir ? html`<span class="badge live">${mark('live')}${texts.live}</span>` : nothing}
            <span>${channel.channel}</span>
            ${onAir ? html`<span class="numbers">${texts.watch.since(since(this.now - channel.started_ms))}</span>` : nothing}
          </p>
        </div>
        <div class="doing">
          ${onAir
            ? html`<span class="viewers numbers" role="img" aria-label=${texts.watching(count(channel.viewers))}>${icon(Eye)}${count(channel.viewers)}</span>`
            : nothing}
          <fl-follow .channel=${channel.channel} .following=${channel.following}></fl-follow>
          ${this.chat === 'hidden' ? html`<button class="button" type="button" @click=${this.turnChat}>${icon(MessageSquare)}${texts.chat.show}</button>` : nothing}
          ${channel.can?.includes('moderate') ? html`<a class="button" href=${`/moderate/${channel.channel}`}>${icon(Shield)}${texts.watch.moderate}</a>` : nothing}
          <button class="button" type="button" @click=${this.share}>${icon(this.shared ? Check : Share2)}${this.shared ? texts.watch.shared : texts.watch.share}</button>
        </div>
      </section>
    `;
  }

  private readonly share = async (): Promise<void> => {
    const url = window.location.href;
    if (typeof navigator.share === 'function' && matchMedia('(pointer: coarse)').matches) {
      await navigator.share({ title: document.title, url }).catch(() => undefined);
      return;
    }
    this.shared = await copyText(url);
    window.setTimeout(() => {
      this.shared = false;
    }, 2500);
  };
}
