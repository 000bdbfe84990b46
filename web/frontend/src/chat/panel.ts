/** The chat of a channel, in all its states. Beside the video, in the studio, in a window of its own, over a picture in OBS. */

import { ExternalLink, PanelRightClose, Users } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { count } from '../lib/format';
import type { Watcher } from '../lib/room';
import type { Entry, MessageEntry } from '../lib/timeline';
import { askToSignIn, forgetSession } from '../lib/session';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
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
import type { Line } from './moderation';
import './picker';
import './poll';
import { keepPreferences, preferences, type Preferences } from './preferences';
import type { RowAct, RowContext } from './row';
import { ChatSession } from './session';
import './silenced';
import { closedCard, connectionStrip, emptyCard, mentionStrip, pinnedStrip, toldLine, waitingLines, type Told } from './strips';
import { modesLine, span } from './words';

const words = texts.chat;
const NOBODY: ReadonlySet<string> = new Set();
const TICK_MS = 250;
const ALOUD_MS = 2000;
const TOLD_MS = 8000;
/** Seconds. */
const QUICK_TIMEOUT = 600;
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
  /** The moderation page: told of everything in the room, and asked to show who wrote a message instead of its card. */
  @property({ attribute: false }) watcher: Watcher | null = null;
  /** Accounts the team looks at more closely. */
  @property({ attribute: false }) watched: ReadonlySet<string> = NOBODY;
  @property({ attribute: false }) inspect: ((entry: MessageEntry) => void) | null = null;

  @state() private chosen: Preferences = preferences();
  @state() private replying: MessageEntry | null = null;
  @state() private editing: MessageEntry | null = null;
  @state() private picking: MessageEntry | null = null;
  @state() private told: Told | null = null;
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
  private toldTimer = 0;
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
    this.chat = this.channel === '' ? null : new ChatSession(this, this.channel, () => this.bearer(), this.watcher);
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
    const { text, last } = announcement(this.entries(chat), this.lastAloud, chat.me);
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
        ${this.head(chat)} ${this.connection(chat)}
        ${room.state.kind === 'out' ? closedCard(this.channel, room.state.code, room.state.detail, () => room.again()) : html`${this.above(chat)} ${this.messages(chat)}`}
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
      <fl-chat-menu .chosen=${this.chosen} .choose=${this.choose} .present=${present} .alignable=${this.seen !== null} .previewable=${this.previewable(chat)}></fl-chat-menu>
      ${this.variant === 'side'
        ? html`<button class="button quiet square wide-only" type="button" aria-label=${words.popOut} title=${words.popOut} @click=${this.popOut}>${icon(ExternalLink)}</button>
            <button class="button quiet square wide-only" type="button" aria-label=${words.hide} title=${words.hide} @click=${() => this.dispatchEvent(new CustomEvent('hide'))}>${icon(PanelRightClose)}</button>`
        : nothing}
    </header>`;
  }

  private connection(chat: ChatSession): TemplateResult | typeof nothing {
    const { state: it } = chat.socket;
    const lasting = this.wasIn ? this.awaySince > 0 && performance.now() - this.awaySince > PATIENCE_MS : it.kind === 'offline';
    const waits = chat.room.drafts.items.some((draft) => draft.state === 'sending');
    return connectionStrip(it, lasting, waits, { now: () => chat.socket.nudge(), again: this.start, signIn: this.signIn });
  }

  private above(chat: ChatSession): TemplateResult {
    const { mention } = chat;
    const { pinned } = chat.room;
    const seen = (): void => {
      chat.mention = null;
      this.requestUpdate();
    };
    return html`
      ${mention === null ? nothing : mentionStrip(mention.shown, seen)}
      ${pinned === null || pinned.id === this.unpinned ? nothing : pinnedStrip(pinned, this.rowContext(chat), () => (this.unpinned = pinned.id))} ${this.poll(chat)}
    `;
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
      .mine=${chat.room.own.vote(poll.id)}
      .vote=${(option: number) => chat.room.vote(poll.id, option)}
    ></fl-chat-poll>`;
  }

  /** What may be shown now: everything, or what our picture has reached. */
  private entries(chat: ChatSession): readonly Entry[] {
    const { entries } = chat.room.timeline;
    if (!this.chosen.aligned || this.seen === null) return entries;
    const until = shownUntil(entries, this.seen(), chat.me);
    return until === entries.length ? entries : entries.slice(0, until);
  }

  private messages(chat: ChatSession): TemplateResult {
    const { room, socket } = chat;
    const { timeline, drafts } = room;
    if (room.state.kind === 'joining' && !this.wasIn)
      return waitingLines();
    const entries = this.entries(chat);
    const empty = entries.length === 0 && drafts.items.length === 0 && !timeline.earlier;
    return html`
      ${empty && this.variant !== 'overlay' ? emptyCard(room.you.may.includes('write')) : nothing}
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
      ${this.told === null ? nothing : toldLine(this.told, (line) => this.moderate(chat.moderation.undo(line).then(() => null), words.card.undone))}
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
              .acknowledge=${() => room.acknowledge((why) => this.tell(why.detail))}
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

  /** The server looks links up for whoever is signed in, where the team switched that on. */
  private previewable(chat: ChatSession): boolean {
    return chat.room.previews && chat.me !== '' && this.variant !== 'overlay';
  }

  private rowContext(chat: ChatSession): RowContext {
    const { you } = chat.room;
    const overlay = this.variant === 'overlay';
    const previews = this.chosen.previews && this.previewable(chat);
    if (previews) chat.learnPreviews();
    const next = {
      me: chat.me,
      moderates: you.may.includes('moderate') && !overlay,
      writes: you.may.includes('write') && chat.me !== '' && !overlay,
      timestamps: this.chosen.timestamps && !overlay,
      emotes: chat.emotes,
      watched: this.watched,
      reacted: chat.room.own.reacted,
      preview: previews ? chat.preview : null,
    };
    const before = this.context;
    if (before === null || Object.entries(next).some(([key, value]) => before[key as keyof typeof next] !== value)) this.context = { ...next, act: this.act };
    return this.context ?? { ...next, act: this.act };
  }

  /** As if more about a message had been asked for. */
  show(key: string): void {
    const entry = this.chat?.room.timeline.find(key);
    if (entry) this.act('more', entry);
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
        return chat.room.react(entry.key, detail);
      case 'delete':
        if (entry.message.author.name === chat.me) chat.room.delete(entry.key, (why) => this.tell(why.detail));
        else this.moderate(chat.moderation.delete(entry.key), words.card.deleted);
        return;
      case 'timeout':
        this.moderate(chat.moderation.timeout(entry.message.author.name, QUICK_TIMEOUT), words.card.timedOut(entry.message.author.shown, span(QUICK_TIMEOUT)));
        return;
      case 'find':
        return this.list?.find(detail);
      case 'more':
        if (this.inspect !== null && !entry.gone) return this.inspect(entry);
        return this.card.open(entry);
    }
  };

  private readonly say = (text: string): void => {
    const { chat, editing } = this;
    if (chat === null) return;
    if (editing !== null) {
      if (text !== editing.message.text) chat.room.edit(editing.key, text, (why) => this.tell(why.detail));
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
    if (chat && picking) chat.room.react(picking.key, text);
    this.picking = null;
  };

  private moderate(act: Promise<Line>, done: string): void {
    act.then(
      (line) => this.tell(done, { line }),
      (error: Error) => this.tell(error.message),
    );
  }

  /** Says what went wrong, or what was done and how to take it back, for a while. */
  private tell(text: string, done?: { line: Line }): void {
    this.told = { text, bad: done === undefined, line: done?.line ?? null };
    window.clearTimeout(this.toldTimer);
    this.toldTimer = window.setTimeout(() => (this.told = null), TOLD_MS);
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
