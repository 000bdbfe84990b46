/** The texts of the list of calls, in the page's language; the call itself does without them. */

import { inLanguage } from '../texts';
import { callsList } from '../texts/calls-list';

export const words = inLanguage({ en: callsList });
