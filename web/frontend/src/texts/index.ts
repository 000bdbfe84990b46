/** The catalogue of the page's language. */

import { en, type Texts } from './en';

/** Of catalogues by language the one this browser asks for, or English. */
export function inLanguage<T>(catalogues: { en: T } & Record<string, T>): T {
  for (const language of globalThis.navigator?.languages ?? []) {
    const found = catalogues[language.split('-')[0] ?? ''];
    if (found) return found;
  }
  return catalogues.en;
}

export const texts: Texts = inLanguage({ en });
