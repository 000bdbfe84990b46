/** Dark, light, or what the system says. */

import { forget, recall, remember } from './storage';

export type Theme = 'system' | 'dark' | 'light';

export function theme(): Theme {
  const chosen = recall('theme');
  return chosen === 'dark' || chosen === 'light' ? chosen : 'system';
}

export function setTheme(chosen: Theme): void {
  if (chosen === 'system') {
    forget('theme');
    delete document.documentElement.dataset['theme'];
  } else {
    remember('theme', chosen);
    document.documentElement.dataset['theme'] = chosen;
  }
}
