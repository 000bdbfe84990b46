/** Elements render into the page itself, so that one style sheet, one set of ids and one focus order hold for all of it. */

import { LitElement } from 'lit';

export class PageElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}

/** The channel's name in `/watch/<channel>` or `/embed/<channel>`. */
export function channelOfPath(path: string): string {
  return decodeURIComponent(path.split('/')[2] ?? '');
}
