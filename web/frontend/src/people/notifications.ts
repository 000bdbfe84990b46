/** What I was told: a bell with how much of it is new, looked at again every few seconds while the page is seen. */

import { Bell } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { rest, type Notification } from '../lib/rest';
import { closeByKey, closeWhenLeft } from '../parts/dropdown';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { mark } from '../parts/mark';
import { texts } from '../texts';
import { when } from './when';

const words = texts.people.notifications;
const LOOK_MS = 8000;
const SHOWN = 20;

function sentence(one: Notification): string {
  const channel = one.channel ?? '';
  return one.kind === 'unbanned' ? words.unbanned(channel) : words.live(channel);
}

@customElement('fl-notifications')
export class Notifications extends PageElement {
  @state() private told: Notification[] | null = null;
  @state() private away = false;
  /** Said aloud: what came while the page was open. */
  @state() private news = '';
  private readonly known = new Set<string>();
  private timer = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('visibilitychange', this.onVisible);
    void this.look();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.onVisible);
    window.clearTimeout(this.timer);
  }

  protected override render(): TemplateResult {
    const unread = (this.told ?? []).filter((one) => one.read_ms === null).length;
    return html`
      <details class="menu" @keydown=${closeByKey} @focusout=${closeWhenLeft} @toggle=${this.onToggle}>
        <summary class="button quiet square" aria-label=${words.label(unread)} title=${words.label(unread)}>
          ${icon(Bell)}${unread === 0 ? nothing : html`<span class="unread numbers" aria-hidden="true">${unread > 9 ? '9+' : unread}</span>`}
        </summary>
        <div class="choices-menu told">${this.list()}</div>
      </details>
      <span class="hidden-text" role="status">${this.news}</span>
    `;
  }

  private list(): TemplateResult {
    if (this.told === null) return html`<p>${this.away ? texts.people.offline : texts.people.loading}</p>`;
    if (this.told.length === 0) return html`<p>${words.empty}</p>`;
    return html`${this.told.map(
      (one) => html`
        <a href=${one.channel === null ? '/' : `/watch/${one.channel}`} data-unread=${one.read_ms === null}>
          ${mark(one.kind === 'live' ? 'live' : '')}<span>${sentence(one)}<span class="sub">${one.text === '' ? nothing : `${one.text} · `}${when(one.created_ms)}</span></span>
        </a>
      `,
    )}`;
  }

  private async look(): Promise<void> {
    window.clearTimeout(this.timer);
    try {
      const { items } = await rest.follows.notifications({ limit: String(SHOWN) });
      const fresh = items.filter((one) => one.read_ms === null && !this.known.has(one.id));
      if (this.told !== null && fresh.length > 0) this.news = fresh.map(sentence).join(' ');
      for (const one of items) this.known.add(one.id);
      this.told = items;
      this.away = false;
    } catch {
      // What was told before stays; the next look is in a moment.
      this.away = true;
    }
    if (this.isConnected && document.visibilityState === 'visible') this.timer = window.setTimeout(() => void this.look(), LOOK_MS);
  }

  private readonly onVisible = (): void => {
    window.clearTimeout(this.timer);
    if (document.visibilityState === 'visible') void this.look();
  };

  /** What was seen is read; the list shows what was new until it is closed. */
  private readonly onToggle = (event: Event): void => {
    const open = (event.currentTarget as HTMLDetailsElement).open;
    if (open && this.told?.some((one) => one.read_ms === null)) rest.follows.read().catch(() => undefined);
    if (!open) void this.look();
  };
}
