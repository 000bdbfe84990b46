/** The texts of calls, in the page's language; other pages do without them. */

import { inLanguage } from '../texts';
import { calls } from '../texts/calls';

export const words = inLanguage({ en: calls });
