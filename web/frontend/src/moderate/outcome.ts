/** What a filter would have done to the last messages, before it is switched on. */

import { X } from 'lucide';
import { html, type TemplateResult } from 'lit';
import { exactTime } from '../chat/words';
import { count } from '../lib/format';
import { icon } from '../parts/icon';
import { moderation } from './texts';
import type { Outcome } from './server';
import { reasonsOf } from './words';

const words = moderation.filters;

export function outcomeOf(outcome: Outcome, close: () => void): TemplateResult {
  const { looked_at: looked, refused, held, examples } = outcome;
  const hit = refused + held;
  const said = looked === 0 ? words.result.nothing : hit === 0 ? words.result.none(count(looked)) : words.result.of(count(looked), count(hit));
  return html`<div class="outcome" role="status">
    <p class="head"><strong>${words.result.title}</strong><button class="button quiet square small" type="button" aria-label=${words.result.close} title=${words.result.close} @click=${close}>${icon(X)}</button></p>
    <p>${said}</p>
    ${examples.length === 0
      ? ''
      : html`<ul>${examples.map(
          ({ message, held: isHeld, why }) => html`<li title=${exactTime(message.at)}>
            <span class=${isHeld ? 'tag warn' : 'tag bad'}>${isHeld ? words.result.held : words.result.blocked}</span>
            <span><b><bdi>${message.author.shown}</bdi></b> <bdi class="words">${message.text}</bdi><span class="sub">${reasonsOf(why)}</span></span>
          </li>`,
        )}</ul>`}
  </div>`;
}
