/** The texts of this page, in the page's language; other pages do without them. */

import { inLanguage } from '../texts';
import { moderate } from '../texts/moderate';

export const moderation = inLanguage({ en: moderate });
