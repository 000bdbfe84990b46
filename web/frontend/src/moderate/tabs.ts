/** The tabs: above the first column, or at the foot of a phone. */

import { Funnel, History, Inbox, MessageSquare, SlidersHorizontal, Users } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../parts/icon';
import { moderation } from './texts';
import type { Tab } from './keys';

const words = moderation;
const ICONS: Record<Tab, Parameters<typeof icon>[0]> = { queue: Inbox, log: History, modes: SlidersHorizontal, filters: Funnel, chat: MessageSquare, people: Users };

export function tabs(visible: readonly Tab[], selected: Tab, counts: Partial<Record<Tab, number>>, go: (tab: Tab) => void): TemplateResult {
  const onKey = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = visible[(visible.indexOf(selected) + by + visible.length) % visible.length] ?? selected;
    const list = event.currentTarget as HTMLElement;
    go(next);
    list.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${words.tabsLabel} @keydown=${onKey}>
    ${visible.map((tab) => {
      const n = counts[tab] ?? 0;
      const label = words.tabs[tab] ?? tab;
      return html`<button
        id=${`tab-${tab}`}
        type="button"
        role="tab"
        aria-selected=${tab === selected}
        aria-controls=${tab === selected ? `panel-${tab}` : nothing}
        tabindex=${tab === selected ? 0 : -1}
        title=${label}
        @click=${() => go(tab)}
      >
        ${icon(ICONS[tab])}<span class="label">${label}</span>${n > 0 ? html`<span class="count numbers" aria-hidden="true">${n > 99 ? '99+' : n}</span><span class="hidden-text">${words.waiting(n)}</span>` : nothing}
      </button>`;
    })}
  </div>`;
}
