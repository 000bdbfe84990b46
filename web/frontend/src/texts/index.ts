/** The catalogue of the page's language. */

import { en, type Texts } from './en';

const CATALOGUES: Record<string, Texts> = { en };

function choose(): Texts {
  for (const language of globalThis.navigator?.languages ?? []) {
    const found = CATALOGUES[language.split('-')[0] ?? ''];
    if (found) return found;
  }
  return en;
}

export const texts = choose();
