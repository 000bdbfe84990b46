/** The mark: five rays opening from a point under an arch. Also the live indicator and the loading state. */

import { html, svg, type TemplateResult } from 'lit';

const RAYS = [165, 127.5, 90, 52.5, 15];

export function mark(variant: '' | 'live' | 'loading' | 'dim' = ''): TemplateResult {
  return html`<svg class="mark ${variant}" viewBox="0 0 40 24" fill="none" stroke-width="2.5" stroke-linecap="round" aria-hidden="true">
    <path class="arch" d="M2 22a18 18 0 0 1 36 0" />
    ${RAYS.map((degrees) => {
      const at = (radius: number): string => {
        const angle = (degrees * Math.PI) / 180;
        return `${(20 + radius * Math.cos(angle)).toFixed(2)} ${(22 - radius * Math.sin(angle)).toFixed(2)}`;
      };
      return svg`<path class="ray" d="M${at(5.5)}L${at(12.25)}" />`;
    })}
  </svg>`;
}
