/** At the edge of the page for a while: what I did last, with its undo; or why it was refused. */

import { CircleAlert, Undo2, X } from 'lucide';
import { html, type TemplateResult } from 'lit';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import { moderation } from './texts';
import type { Desk } from './desk';
import { deed, detail } from './words';

const words = moderation;

export function edge(desk: Desk): TemplateResult {
  return html`<div class="edge" role="status" aria-live="polite">${notice(desk)}</div>`;
}

function notice(desk: Desk): TemplateResult | string {
  const { notice: said } = desk;
  if (said === null) return '';
  const close = html`<button class="button quiet square small" type="button" aria-label=${texts.close} @click=${desk.dismiss}>${icon(X)}</button>`;
  if ('refusal' in said) {
    const { code, status, message } = said.refusal;
    const text = texts.people.problems[code] ?? (status === 0 ? texts.people.offline : message);
    return html`<p class="toast bad" data-code=${code}>${icon(CircleAlert)}<span>${text}</span>${close}</p>`;
  }
  const { line } = said;
  const more = detail(line);
  const text = deed(line).replace('{who}', line.account ?? '');
  return html`<p class="toast" data-action=${line.action}>
    <span>${text.charAt(0).toLocaleUpperCase() + text.slice(1)}${more === '' ? '' : html`<bdi class="sub">${more}</bdi>`}</span>
    ${line.undoable ? html`<button class="button small" type="button" ?disabled=${desk.busy.has(line.id)} @click=${() => desk.undo(line)}>${icon(Undo2)}${words.undo}<kbd aria-hidden="true">Z</kbd></button>` : ''} ${close}
  </p>`;
}
