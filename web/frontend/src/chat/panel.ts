/** The chat of a channel, in all its states. Beside the video, in the studio, in a window of its own, over a picture in OBS. */

import { ExternalLink, PanelRightClose, Pin, Users, WifiOff, X } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { count } from '../lib/format';
import type { MessageEntry } from '../lib/timeline';
import { askToSignIn, forgetSession } from '../lib/session';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { mark } from '../parts/mark';
import { texts } from '../texts';
import { shownUntil } from './alignment';
import { announcement } from './announcer';
import './card';
import type { Card } from './card';
import './composer';
import type { Composer } from './composer';
import './list';
import type { ChatList } from './list';
import './menu';
import './picker';
import './poll';
import { keepPreferences, preferences, type Preferences } from './preferences';
import { name, shown, type RowAct, type RowContext } from './row';
import { partsOf } from './parts';
import { ChatSession } from './session';
import './silenced';
import { modesLine } from './words';

const words = texts.chat;
const TICK_MS = 250;
const ALOUD_MS = 2000;
/** A connection that is back within this was never missed. */
const PATIENCE_MS = 1200;

@customElement('fl-chat')
export class ChatPanel extends PageElement {
  @property() channel = '';
  /** `side`: may be hidden and popped out. `overlay`: messages only, on nothing. */
  @property() variant: 'side' | 'plain' | 'overlay' = 'plain';
  /** The capture time of the picture that is seen, Unix milliseconds; null while there is none. */
  @property({ attribute: false }) seen: (() => number | null) | null = null;

  /** A playback token, where a password opens the channel. */
  @property({ attribute: false }) bearer: () => string = () => '';

  @state() private chosen: Preferences = preferences();
  @state() private replying: MessageEntry | null = null;
  @state() private editing: MessageEntry | null = null;
  @state() private picking: MessageEntry | null = null;
  @state() private trouble = '';
  @state() private unpinned = '';
  @state() private aloud = '';
  @query('fl-chat-list') private list!: ChatList | null;
  @query('fl-chat-card') private card!: Card;
  @query('fl-chat-composer') private composer!: Composer | null;

  private chat: ChatSession | null = null;
  private context: RowContext | null = null;
  private ticker = 0;
  private lastAloud = '';
  private aloudAt = 0;
  private awaySince = 0;
  private wasIn = false;
  private troubleTimer = 0;
  private askedAt = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.ticker = window.setInterval(() => this.tick(), TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearInterval(this.ticker);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('channel')) return;
    if (this.chat !== null) {
      this.chat.hostDisconnected();
      this.removeController(this.chat);
    }
    this.chat = this.channel === '' ? null : new ChatSession(this, this.channel, () => this.bearer());
    this.replying = this.editing = this.picking = null;
    this.wasIn = false;
    this.lastAloud = '';
  }

  /** What changes by the clock alone: what waits for the picture, countdowns, what is read aloud. */
  private tick(): void {
    const { chat } = this;
    if (chat === null) return;
    const { room, socket } = chat;
    if (socket.state.kind === 'online') this.awaySince = 0;
    else this.awaySince ||= performance.now();
    const counting = room.poll !== null || room.you.muted_until > 0 || chat.slowUntil > performance.now() - 1000 || socket.state.kind === 'offline' || this.awaySince > 0;
    if (counting || (this.chosen.aligned && this.seen !== null)) this.requestUpdate();
    const now = performance.now();
    // A timeout is over: what we may do now is the server's to say.
    if (room.you.refused === 'chat_muted' && this.until(room.you.muted_until) < -0.5 && socket.state.kind === 'online' && now - this.askedAt > 3000) {
      this.askedAt = now;
      room.again();
    }
    if (now - this.aloudAt < ALOUD_MS) return;
    this.aloudAt = now;
    const { text, last } = announcement(room.timeline.entries, this.lastAloud, chat.me);
    this.lastAloud = last;
    if (text !== '' && this.chosen.aloud) this.aloud = text;
  }

  /** Seconds until a moment of the server's clock. */
  private until(at: number): number {
    return (at - (this.chat?.socket.serverNow() ?? Date.now())) / 1000;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { chat } = this;
    if (chat === null) return nothing;
    const { room } = chat;
    if (room.state.kind === 'joined') this.wasIn = true;
    if (this.variant === 'overlay') return html`<section class="chat overlay" aria-label=${words.title} data-state=${room.state.kind}>${this.messages(chat)}</section>`;
    const out = room.state.kind === 'out';
    return html`
      <section class=${`chat size-${this.chosen.size}`} aria-label=${words.title} data-state=${room.state.kind} data-connection=${chat.socket.state.kind} @write=${() => this.composer?.focus()}>
        ${this.head(chat)} ${this.connection(chat)} ${this.mentioned(chat)} ${room.state.kind === 'out' ? this.closed(room.state.code, room.state.detail) : html`${this.pinned(chat)} ${this.poll(chat)} ${this.messages(chat)}`}
        ${out ? nothing : this.foot(chat)}
        <div class="hidden-text" role="status" aria-live="polite">${this.aloud}</div>
        <fl-chat-card .channel=${this.channel} .context=${this.rowContext(chat)} .moderation=${chat.moderation} .pinned=${room.pinned?.id ?? ''}></fl-chat-card>
      </section>
    `;
  }

  private head(chat: ChatSession): TemplateResult {
    const { present } = chat.room;
    const n = present.accounts + present.strangers;
    return html`<header class="chat-head">
      <h2>${words.title}</h2>
      ${n > 0 ? html`<span class="present numbers" role="img" aria-label=${words.present(count(n))} title=${words.present(count(n))}>${icon(Users)}${count(n, true)}</span>` : nothing}
      <span class="space"></span>
      <fl-chat-menu .chosen=${this.chosen} .choose=${this.choose} .present=${present} .alignable=${this.seen !== null}></fl-chat-menu>
      ${this.variant === 'side'
        ? html`<button class="button quiet square wide-only" type="button" aria-label=${words.popOut} title=${words.popOut} @click=${this.popOut}>${icon(ExternalLink)}</button>
            <button class="button quiet square wide-only" type="button" aria-label=${words.hide} title=${words.hide} @click=${() => this.dispatchEvent(new CustomEvent('hide'))}>${icon(PanelRightClose)}</button>`
        : nothing}
    </header>`;
  }

  private connection(chat: ChatSession): TemplateResult | typeof nothing {
    const { state: it } = chat.socket;
    const waits = chat.room.drafts.items.some((draft) => draft.state === 'sending');
    const kept = waits ? html` ${words.connection.kept}` : nothing;
    switch (it.kind) {
      case 'online':
        return nothing;
      case 'stopped':
        if (it.why === 'not_started') return nothing;
        return html`<div class="strip" role="status" data-strip=${it.why}>
          ${icon(WifiOff)}<span>${it.why === 'signed_out' ? words.connection.signedOut : `${words.connection.refused} ${it.detail}`}</span>
          ${it.why === 'signed_out' ? html`<button class="link" type="button" @click=${this.signIn}>${words.reasons.signIn}</button>` : nothing}
          <button class="link" type="button" @click=${this.start}>${words.connection.again}</button>
        </div>`;
      default: {
        if (!this.wasIn || this.awaySince === 0 || performance.now() - this.awaySince < PATIENCE_MS) {
          if (this.wasIn || it.kind === 'connecting') return nothing;
        }
        const left = it.kind === 'offline' ? Math.ceil((it.again - (performance.timeOrigin + performance.now())) / 1000) : 0;
        return html`<div class="strip" data-strip="reconnecting">
          ${icon(WifiOff)}<span role="status">${left > 3 ? words.connection.offline(left) : words.connection.reconnecting}${kept}</span>
          ${left > 3 ? html`<button class="link" type="button" @click=${() => chat.socket.nudge()}>${words.connection.now}</button>` : nothing}
        </div>`;
      }
    }
  }

  private mentioned(chat: ChatSession): TemplateResult | typeof nothing {
    const { mention } = chat;
    if (mention === null) return nothing;
    return html`<div class="strip good" role="status">
      <span>${words.mentioned(mention.shown)}</span>
      <button class="button quiet square" type="button" aria-label=${texts.close} @click=${() => {
        chat.mention = null;
        this.requestUpdate();
      }}>${icon(X)}</button>
    </div>`;
  }

  private closed(code: string, detail: string): TemplateResult {
    const said = words.out[code] ?? words.out['other'];
    return html`<div class="nothing" role="status" data-code=${code}>
      ${mark('dim')}
      <h3>${said?.title}</h3>
      <p>${said?.body || detail}</p>
      ${code === 'sign_in_required' ? html`<button class="button primary" type="button" @click=${askToSignIn}>${words.reasons.signIn}</button>` : nothing}
      <button class="button" type="button" @click=${() => this.chat?.room.again()}>${texts.retry}</button>
    </div>`;
  }

  private pinned(chat: ChatSession): TemplateResult | typeof nothing {
    const { pinned } = chat.room;
    if (pinned === null || pinned.id === this.unpinned) return nothing;
    return html`<aside class="pinned" aria-label=${words.pinned}>
      ${icon(Pin)}
      <p>${name(pinned.author)}<span class="colon">: </span><bdi class="words">${partsOf(pinned.text, pinned.mentions ?? [], chat.emotes).map((part) => shown(part, chat.me))}</bdi></p>
      <button class="button quiet square" type="button" aria-label=${texts.close} title=${texts.close} @click=${() => (this.unpinned = pinned.id)}>${icon(X)}</button>
    </aside>`;
  }

  private poll(chat: ChatSession): TemplateResult | typeof nothing {
    const { poll, you } = chat.room;
    if (poll === null) return nothing;
    return html`<fl-chat-poll
      .channel=${this.channel}
      .poll=${poll}
      .votes=${chat.me !== '' && you.refused !== 'chat_banned'}
      .moderates=${you.may.includes('moderate')}
      .left=${Math.ceil(this.until(poll.ends_at))}
      .mine=${chat.voted.get(poll.id) ?? -1}
      .vote=${(option: number) => chat.vote(poll.id, option)}
    ></fl-chat-poll>`;
  }

  private messages(chat: ChatSession): TemplateResult {
    const { room, socket } = chat;
    const { timeline, drafts } = room;
    if (room.state.kind === 'joining' && !this.wasIn)
      return html`<div class="waiting" role="status"><span class="hidden-text">${words.loading}</span>${[60, 85, 40, 75, 55, 90, 35, 70].map((width) => html`<div class="skeleton line" .style=${`inline-size: ${width}%`}></div>`)}</div>`;
    const until = this.chosen.aligned && this.seen !== null ? shownUntil(timeline.entries, this.seen(), chat.me) : timeline.entries.length;
    const entries = until === timeline.entries.length ? timeline.entries : timeline.entries.slice(0, until);
    const empty = entries.length === 0 && drafts.items.length === 0 && !timeline.earlier;
    return html`
      ${empty && this.variant !== 'overlay' ? html`<div class="nothing">${mark('dim')}<h3>${words.empty.title}</h3><p>${room.you.may.includes('write') ? words.empty.body : words.empty.quiet}</p></div>` : nothing}
      <fl-chat-list
        ?hidden=${empty}
        .entries=${entries}
        .drafts=${drafts.items}
        .context=${this.rowContext(chat)}
        .author=${chat.author}
        .online=${socket.state.kind === 'online'}
        .earlier=${timeline.earlier}
        .fetching=${room.fetching}
        .skipped=${timeline.skipped}
        .hold=${(holding: boolean) => room.hold(holding)}
        .fetch=${() => room.older()}
        .retry=${(id: string) => room.retry(id)}
        .discard=${(id: string) => room.discard(id)}
      ></fl-chat-list>
    `;
  }

  private foot(chat: ChatSession): TemplateResult {
    const { room, socket } = chat;
    const line = modesLine(room.modes, room.shield);
    const banned = room.you.refused !== '' && room.you.refused !== 'slow_mode' && room.you.refused !== 'emote_only';
    const known = this.wasIn;
    return html`<footer class="chat-foot">
      ${this.trouble ? html`<p class="trouble" role="alert">${this.trouble}</p>` : nothing}
      ${this.picking ? html`<fl-emoji-picker .emotes=${chat.emotes} .pick=${this.onPicked} .close=${() => (this.picking = null)}></fl-emoji-picker>` : nothing}
      ${line ? html`<p class="modes">${line}</p>` : nothing}
      ${!known
        ? html`<div class="skeleton composer-skeleton" aria-hidden="true"></div>`
        : banned || (chat.me === '' && socket.state.kind === 'online')
          ? html`<fl-chat-silenced
              .channel=${this.channel}
              .you=${room.you.refused === '' ? { ...room.you, refused: 'sign_in_required' } : room.you}
              .modes=${room.modes}
              .left=${Math.ceil(this.until(room.you.muted_until))}
              .acknowledge=${() => room.acknowledge((why) => this.told(why.detail))}
              .again=${() => room.again()}
            ></fl-chat-silenced>`
          : html`<fl-chat-composer
              .sources=${chat}
              .longest=${socket.longestText}
              .emotesOnly=${room.modes.emote_only && !room.you.may.includes('moderate')}
              .wait=${Math.max(0, Math.ceil((chat.slowUntil - performance.now()) / 1000))}
              .replying=${this.replying}
              .editing=${this.editing}
              .say=${this.say}
              .cancel=${this.cancel}
              .editLast=${() => (this.editing = chat.lastOwn)}
            ></fl-chat-composer>`}
    </footer>`;
  }

  private rowContext(chat: ChatSession): RowContext {
    const { you } = chat.room;
    const overlay = this.variant === 'overlay';
    const next = {
      me: chat.me,
      moderates: you.may.includes('moderate') && !overlay,
      writes: you.may.includes('write') && chat.me !== '' && !overlay,
      timestamps: this.chosen.timestamps && !overlay,
      emotes: chat.emotes,
      reacted: chat.reacted,
    };
    const before = this.context;
    if (before === null || Object.entries(next).some(([key, value]) => before[key as keyof typeof next] !== value)) this.context = { ...next, act: this.act };
    return this.context ?? { ...next, act: this.act };
  }

  // ---- what somebody does ----

  private readonly act = (what: RowAct, entry: MessageEntry, detail = ''): void => {
    const { chat } = this;
    if (chat === null) return;
    switch (what) {
      case 'reply':
        this.editing = null;
        this.replying = entry;
        return;
      case 'edit':
        this.replying = null;
        this.editing = entry;
        return;
      case 'pick':
        this.picking = entry;
        return;
      case 'react':
        return chat.react(entry, detail);
      case 'delete':
        return chat.room.delete(entry.key, (why) => this.told(why.detail));
      case 'timeout':
        chat.moderation.timeout(entry.message.author.name, 600).catch((error: Error) => this.told(error.message));
        return;
      case 'find':
        return this.list?.find(detail);
      case 'more':
        return this.card.open(entry);
    }
  };

  private readonly say = (text: string): void => {
    const { chat, editing } = this;
    if (chat === null) return;
    if (editing !== null) {
      if (text !== editing.message.text) chat.room.edit(editing.key, text, (why) => this.told(why.detail));
    } else {
      chat.say(text, this.replying, this.seen?.() ?? 0);
      this.list?.follow();
    }
    this.cancel();
  };

  private readonly cancel = (): void => {
    this.replying = null;
    this.editing = null;
  };

  private readonly onPicked = (text: string): void => {
    const { chat, picking } = this;
    if (chat && picking) chat.react(picking, text);
    this.picking = null;
  };

  private told(detail: string): void {
    this.trouble = detail;
    window.clearTimeout(this.troubleTimer);
    this.troubleTimer = window.setTimeout(() => (this.trouble = ''), 6000);
  }

  private readonly choose = (change: Partial<Preferences>): void => {
    this.chosen = { ...this.chosen, ...change };
    keepPreferences(this.chosen);
  };

  private readonly popOut = (): void => {
    window.open(`/chat/${encodeURIComponent(this.channel)}`, `fanlight-chat-${this.channel}`, 'popup,width=380,height=720');
  };

  private readonly start = (): void => {
    forgetSession();
    this.chat?.socket.start();
  };

  private readonly signIn = (): void => {
    forgetSession();
    askToSignIn();
  };
}
