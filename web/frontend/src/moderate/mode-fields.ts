/** One row for each mode: what it does, and its choices. The same for the room and for the shield's bundle. */

import { html, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { span } from '../chat/words';
import type { Modes } from '../lib/frames';
import { moderation } from './texts';

const words = moderation.modes;
const MINUTES = [10, 60, 1440, 7 * 1440, 30 * 1440, 90 * 1440];
const SECONDS = { slow_seconds: [3, 5, 10, 30, 60, 120, 300, 900, 3600], delay_seconds: [2, 4, 6, 10, 20, 60] };
const SWITCHES = ['emote_only', 'unique', 'verified_only', 'members_only', 'read_only'] as const;

export type Change = (change: Partial<Modes>) => void;

/** `under` makes the ids different where the modes stand twice on a page. */
export function modeFields(modes: Modes, under: string, change: Change): TemplateResult {
  const time = (name: 'slow_seconds' | 'delay_seconds'): TemplateResult =>
    row(under, name, choices(`${under}-${name}`, [['0', words.off], ...withValue(SECONDS[name], modes[name]).map((one): [string, string] => [String(one), span(one)])], String(modes[name]), (value) => change({ [name]: Number(value) })));
  return html`<div class="mode-list">
    ${time('slow_seconds')}
    ${row(
      under,
      'followers_minutes',
      choices(
        `${under}-followers_minutes`,
        [['', words.off], ['0', words.anybody], ...withValue(MINUTES, modes.followers_minutes).map(minutes)],
        modes.followers_minutes === null ? '' : String(modes.followers_minutes),
        (value) => change({ followers_minutes: value === '' ? null : Number(value) }),
      ),
    )}
    ${row(
      under,
      'account_age_minutes',
      choices(`${under}-account_age_minutes`, [['0', words.off], ...withValue(MINUTES, modes.account_age_minutes).map(minutes)], String(modes.account_age_minutes), (value) => change({ account_age_minutes: Number(value) })),
    )}
    ${SWITCHES.map((name) => row(under, name, turn(`${under}-${name}`, modes[name], (on) => change({ [name]: on }))))}
    ${row(under, 'links', choices(`${under}-links`, Object.entries(words.linkPolicies), modes.links, (value) => change({ links: value as Modes['links'] })))}
    ${time('delay_seconds')}
  </div>`;
}

type Named = keyof Modes | 'join_notices' | 'previews' | 'anonymous_readers';

export function row(under: string, name: Named, control: TemplateResult): TemplateResult {
  const [label, help] = words[name];
  return html`<div class="mode" data-mode=${name}>
    <label for=${`${under}-${name}`}>${label}<span class="help">${help}</span></label>
    ${control}
  </div>`;
}

export function turn(id: string, on: boolean, change: (on: boolean) => void): TemplateResult {
  return html`<input id=${id} class="switch" type="checkbox" role="switch" .checked=${live(on)} @change=${(event: Event) => change((event.target as HTMLInputElement).checked)} />`;
}

export function choices(id: string, options: readonly [string, string][], value: string, change: (value: string) => void): TemplateResult {
  return html`<select id=${id} @change=${(event: Event) => change((event.target as HTMLSelectElement).value)}>
    ${options.map(([name, label]) => html`<option value=${name} .selected=${live(name === value)}>${label}</option>`)}
  </select>`;
}

/** The choices, and what is chosen by other means. */
export function withValue(values: readonly number[], value: number | null): number[] {
  return value === null || value === 0 || values.includes(value) ? [...values] : [...values, value].sort((one, other) => one - other);
}

function minutes(value: number): [string, string] {
  return [String(value), span(value * 60)];
}
