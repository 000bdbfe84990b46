/** A moment as people say it, with the exact one on hover. */

import { html, type TemplateResult } from 'lit';

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** `3 hours ago`, `just now`. Times in Unix milliseconds. */
export function ago(then: number, now = Date.now(), language = 'en'): string {
  const seconds = (then - now) / 1000;
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  for (const [unit, size] of UNITS) if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  return format.format(0, 'second');
}

export function when(unixMs: number): TemplateResult {
  const moment = new Date(unixMs);
  return html`<time class="numbers" datetime=${moment.toISOString()} title=${moment.toLocaleString()}>${ago(unixMs)}</time>`;
}
