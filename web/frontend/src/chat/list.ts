/** The list of messages: few rows however many messages, at the newest until somebody reads back, and still then. */

import { ArrowDown } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Draft } from '../lib/drafts';
import type { Author } from '../lib/frames';
import { count } from '../lib/format';
import { isMessage, type Entry, type MessageEntry } from '../lib/timeline';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import { draftRow, row, type RowContext } from './row';
import { grown, leave, NEWEST, newer, older, over, shifted, type Window } from './window';

const words = texts.chat;
/** Pixels from an end at which we are at it. */
const AT_END = 24;
const NEAR_START = 240;
const LONG_PRESS_MS = 450;

@customElement('fl-chat-list')
export class ChatList extends PageElement {
  @property({ attribute: false }) entries: readonly Entry[] = [];
  @property({ attribute: false }) drafts: readonly Draft[] = [];
  @property({ attribute: false }) context!: RowContext;
  @property({ attribute: false }) author: Author | null = null;
  @property({ type: Boolean }) online = false;
  @property({ type: Boolean }) earlier = false;
  @property({ type: Boolean }) fetching = false;
  /** Messages that are not in `entries` since we read back. */
  @property({ type: Number }) skipped = 0;
  @property({ attribute: false }) hold: (holding: boolean) => void = () => undefined;
  @property({ attribute: false }) fetch: () => void = () => undefined;
  @property({ attribute: false }) retry: (id: string) => void = () => undefined;
  @property({ attribute: false }) discard: (id: string) => void = () => undefined;

  @state() private window: Window = NEWEST;
  @state() private active = '';
  @query('.scroller') private scroller!: HTMLElement;

  private seen = '';
  private place: { key: string; top: number } | null = null;
  private press = 0;
  private top = 0;
  private readonly sizes = new ResizeObserver(() => {
    if (this.window.follows) this.toEnd();
  });

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sizes.disconnect();
  }

  protected override firstUpdated(): void {
    this.sizes.observe(this.scroller);
    // Fonts and pictures that come later change heights, too.
    const rows = this.querySelector('.rows');
    if (rows) this.sizes.observe(rows);
  }

  /** To the newest message. */
  readonly follow = (): void => {
    this.window = NEWEST;
    this.hold(false);
    this.requestUpdate();
    void this.updateComplete.then(() => this.toEnd());
  };

  /** To a message, if it is in memory. */
  find(key: string): void {
    const index = this.entries.findIndex((entry) => entry.key === key);
    if (index < 0) return;
    if (index < this.window.start || index >= this.window.end) this.window = { start: Math.max(0, index - 20), end: Math.min(this.entries.length, index + 100), follows: false };
    void this.updateComplete.then(() => {
      const found = this.rowOf(key);
      found?.scrollIntoView({ block: 'center' });
      found?.focus({ preventScroll: true });
    });
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('entries');
    if (before !== undefined && !this.window.follows) {
      const kept = before.slice(this.window.start, this.window.end).find((entry) => this.entries.includes(entry));
      const from = kept ? before.indexOf(kept) : -1;
      if (kept) this.window = shifted(this.window, this.entries.indexOf(kept) - from);
    }
    this.window = grown(over(this.window, this.entries.length), this.entries.length);
    if (this.window.follows) this.seen = this.entries.at(-1)?.key ?? '';
    this.place = this.window.follows ? null : this.placeNow();
  }

  protected override updated(): void {
    // Whoever reads back is not moved by what is looked up later.
    this.toggleAttribute('data-back', !this.window.follows);
    if (this.window.follows) this.toEnd();
    else if (this.place !== null) {
      const found = this.rowOf(this.place.key);
      if (found) this.scroller.scrollTop += found.offsetTop - this.scroller.scrollTop - this.place.top;
    }
  }

  protected override render(): TemplateResult {
    const { start, end, follows } = this.window;
    const unseen = follows ? 0 : this.unseen();
    const drawn = this.entries.slice(start, end);
    return html`
      <div class="scroller" @scroll=${this.onScroll} @pointerover=${this.onOver} @pointerleave=${this.onLeave} @pointerdown=${this.onDown} @pointerup=${this.endPress} @pointercancel=${this.endPress} @pointermove=${this.onMove} @contextmenu=${this.onContext}>
        ${start === 0 ? this.beginning() : nothing}
        <ol class="rows" tabindex="0" aria-label=${words.messages} @keydown=${this.onKey} @focusin=${this.onFocus}>
          ${repeat(
            drawn,
            (entry) => entry.key,
            (entry, index) => {
              const before = this.entries[start + index - 1];
              const active = entry.key === this.active;
              return guard([entry, before, this.context, active], () => row(entry, before, this.context, active));
            },
          )}
          ${end === this.entries.length ? this.drafts.map((draft) => draftRow(draft, this.author, this.context, this.online, () => this.retry(draft.id), () => this.discard(draft.id))) : nothing}
        </ol>
      </div>
      ${follows
        ? nothing
        : html`<button class="to-newest numbers" type="button" aria-label=${words.newestLabel(unseen)} @click=${this.follow}>${icon(ArrowDown)}${words.newest(unseen === 0 ? '' : count(unseen))}</button>`}
    `;
  }

  private beginning(): TemplateResult | typeof nothing {
    if (this.fetching) return html`<p class="beginning" role="status">${words.earlier}</p>`;
    return this.earlier || this.entries.length === 0 ? nothing : html`<p class="beginning">${words.beginning}</p>`;
  }

  private unseen(): number {
    const from = this.entries.findIndex((entry) => entry.key === this.seen);
    return this.entries.slice(from + 1).filter(isMessage).length + this.skipped;
  }

  // ---- scrolling ----

  private readonly onScroll = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const below = scrollHeight - scrollTop - clientHeight;
    const { follows, start, end } = this.window;
    // What grew below us moved nothing: only somebody who scrolls up goes away from the newest.
    const up = scrollTop < this.top - 2;
    this.top = scrollTop;
    if (follows && up && below > AT_END) {
      this.window = leave(this.window);
      this.hold(true);
    } else if (!follows && below <= AT_END) {
      if (end < this.entries.length) this.window = newer(this.window, this.entries.length);
      else if (this.skipped > 0 || end === this.entries.length) this.follow();
    }
    if (scrollTop < NEAR_START && !this.window.follows) {
      if (start > 0) this.window = older(this.window);
      else if (this.earlier && !this.fetching) this.fetch();
    }
  };

  private toEnd(): void {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.top = this.scroller.scrollTop;
  }

  /** The first row that is seen, and where. */
  private placeNow(): { key: string; top: number } | null {
    if (!this.hasUpdated) return null;
    const { scrollTop } = this.scroller;
    for (const found of this.querySelectorAll<HTMLElement>('.row')) {
      if (found.offsetTop + found.offsetHeight > scrollTop) return { key: found.dataset['key'] ?? '', top: found.offsetTop - scrollTop };
    }
    return null;
  }

  private rowOf(key: string): HTMLElement | null {
    return this.querySelector<HTMLElement>(`.row[data-key="${CSS.escape(key)}"]`);
  }

  // ---- which message something is done with ----

  private readonly onOver = (event: PointerEvent): void => {
    if (event.pointerType === 'touch') return;
    this.active = (event.target as Element).closest<HTMLElement>('.row')?.dataset['key'] ?? '';
  };

  private readonly onLeave = (event: PointerEvent): void => {
    if (event.pointerType !== 'touch' && !this.querySelector('.row:focus-within')) this.active = '';
  };

  private readonly onFocus = (event: FocusEvent): void => {
    const key = (event.target as Element).closest<HTMLElement>('.row')?.dataset['key'];
    if (key !== undefined) this.active = key;
  };

  private readonly onDown = (event: PointerEvent): void => {
    this.endPress();
    if (event.pointerType !== 'touch' || (event.target as Element).closest('button, a')) return;
    const key = (event.target as Element).closest<HTMLElement>('.row')?.dataset['key'];
    if (key !== undefined) this.press = window.setTimeout(() => this.open(key), LONG_PRESS_MS);
  };

  private readonly onMove = (event: PointerEvent): void => {
    if (event.pointerType === 'touch' && (Math.abs(event.movementX) > 4 || Math.abs(event.movementY) > 4)) this.endPress();
  };

  private readonly endPress = (): void => window.clearTimeout(this.press);

  private readonly onContext = (event: Event): void => {
    // A long press on a phone is ours; a mouse's menu is the browser's.
    if (matchMedia('(pointer: coarse)').matches) event.preventDefault();
  };

  private open(key: string): void {
    const entry = this.entries.find((one) => one.key === key);
    if (entry && isMessage(entry)) this.context.act('more', entry);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = [...this.querySelectorAll<HTMLElement>('.row')];
    const at = rows.findIndex((one) => one.contains(document.activeElement));
    const entry = this.entries.find((one): one is MessageEntry => isMessage(one) && one.key === rows[at]?.dataset['key']);
    const go = (index: number): void => rows[Math.max(0, Math.min(rows.length - 1, index))]?.focus();
    const onRow = document.activeElement === rows[at];
    const actions: Record<string, () => void> = {
      ArrowUp: () => go(at < 0 ? rows.length - 1 : at - 1),
      ArrowDown: () => go(at < 0 ? rows.length - 1 : at + 1),
      Home: () => go(0),
      End: () => {
        this.follow();
        go(rows.length - 1);
      },
      Escape: () => this.dispatchEvent(new CustomEvent('write', { bubbles: true })),
    };
    if (entry && onRow) {
      actions['Enter'] = () => this.context.act('more', entry);
      actions[' '] = () => this.context.act('more', entry);
      if (this.context.writes) actions['r'] = () => this.context.act('reply', entry);
      if (this.context.moderates || entry.message.author.name === this.context.me) actions['Delete'] = () => this.context.act('delete', entry);
    }
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  };
}
