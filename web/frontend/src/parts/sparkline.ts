/** A minute of one number as a small line. The value beside it is what a screen reader gets. */

import { html, svg, type TemplateResult } from 'lit';

const WIDTH = 96;
const HEIGHT = 24;
const POINTS = 60;

export function points(values: readonly number[], width = WIDTH, height = HEIGHT, length = POINTS): string {
  const highest = Math.max(...values, Number.EPSILON);
  const step = width / (length - 1);
  const first = width - (values.length - 1) * step;
  return values.map((value, index) => `${(first + index * step).toFixed(1)},${(height - 2 - (value / highest) * (height - 4)).toFixed(1)}`).join(' ');
}

export function sparkline(values: readonly number[]): TemplateResult {
  const line = points(values);
  return html`<svg class="sparkline" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
    ${values.length > 1 ? svg`<polyline points=${line} />` : svg``}
  </svg>`;
}
