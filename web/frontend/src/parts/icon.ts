/** Lucide icons as Lit templates. They are decoration: the words beside them, or an aria-label, say what they mean. */

import type { IconNode } from 'lucide';
import { html, type TemplateResult } from 'lit';
import { unsafeSVG } from 'lit/directives/unsafe-svg.js';

const drawn = new Map<IconNode, TemplateResult>();

export function icon(node: IconNode): TemplateResult {
  let found = drawn.get(node);
  if (found === undefined) {
    // The nodes are constants of the package; nothing of a user's ever gets here.
    const inner = node
      .map(([tag, attributes]) => `<${tag} ${Object.entries(attributes).map(([name, value]) => `${name}="${value}"`).join(' ')}/>`)
      .join('');
    found = html`<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${unsafeSVG(inner)}</svg>`;
    drawn.set(node, found);
  }
  return found;
}
