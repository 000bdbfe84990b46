/** Three columns, two, or one at a time. */

import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Tab } from './keys';

export type Kind = 'wide' | 'medium' | 'phone';

export interface Showing {
  visible: Tab[];
  selected: Tab;
  left: boolean;
  chat: boolean;
  people: boolean;
}

const FIRST: Tab[] = ['queue', 'log', 'modes', 'filters'];

/** Which columns are seen, and which tabs choose what is in the first. `before` is what was there last. */
export function showing(layout: Kind, tab: Tab, before: Tab): Showing {
  if (layout === 'wide') {
    return { visible: FIRST, selected: FIRST.includes(tab) ? tab : before, left: true, chat: true, people: true };
  }
  if (layout === 'medium') {
    const selected = tab === 'chat' ? before : tab;
    return { visible: [...FIRST, 'people'], selected, left: selected !== 'people', chat: true, people: selected === 'people' };
  }
  return { visible: [...FIRST, 'chat', 'people'], selected: tab, left: FIRST.includes(tab), chat: tab === 'chat', people: tab === 'people' };
}

export class Layout implements ReactiveController {
  private readonly wide = matchMedia('(min-width: 75rem)');
  private readonly medium = matchMedia('(min-width: 45rem)');

  constructor(private readonly host: ReactiveControllerHost) {
    host.addController(this);
  }

  get layout(): Kind {
    return this.wide.matches ? 'wide' : this.medium.matches ? 'medium' : 'phone';
  }

  hostConnected(): void {
    for (const one of [this.wide, this.medium]) one.addEventListener('change', this.changed);
  }

  hostDisconnected(): void {
    for (const one of [this.wide, this.medium]) one.removeEventListener('change', this.changed);
  }

  private readonly changed = (): void => this.host.requestUpdate();
}
