/** Somebody's picture, or the first letter of their name. */

import { html, type TemplateResult } from 'lit';

export function face(person: { display_name: string; avatar: string | null }, size = ''): TemplateResult {
  const letter = [...person.display_name][0]?.toUpperCase() ?? '?';
  return html`<span class=${`face ${size}`} aria-hidden="true">${person.avatar ? html`<img src=${person.avatar} alt="" />` : letter}</span>`;
}
