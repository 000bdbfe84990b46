/** The sections of a page: beside it, or above it on a phone. The address's fragment says which one is open. */

import { html, nothing, type TemplateResult } from 'lit';

export function side(sections: Record<string, string>, here: string, label: string): TemplateResult {
  return html`
    <nav class="side" aria-label=${label}>
      ${Object.entries(sections).map(([name, title]) => html`<a href=${`#${name}`} aria-current=${name === here ? 'page' : nothing}>${title}</a>`)}
    </nav>
  `;
}
