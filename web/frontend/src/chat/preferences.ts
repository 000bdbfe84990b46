/** How somebody wants the chat on this device. */

import { recall, remember } from '../lib/storage';

export type Size = 'small' | 'normal' | 'large';

export interface Preferences {
  timestamps: boolean;
  size: Size;
  aligned: boolean;
  aloud: boolean;
  /** What links lead to, where the team has them looked up. */
  previews: boolean;
}

const DEFAULTS: Preferences = { timestamps: false, size: 'normal', aligned: false, aloud: true, previews: true };

export function preferences(): Preferences {
  try {
    const kept = JSON.parse(recall('chat') ?? '{}') as Partial<Preferences>;
    return {
      timestamps: kept.timestamps === true,
      size: kept.size === 'small' || kept.size === 'large' ? kept.size : 'normal',
      aligned: kept.aligned === true,
      aloud: kept.aloud !== false,
      previews: kept.previews !== false,
    };
  } catch {
    return DEFAULTS;
  }
}

export function keepPreferences(chosen: Preferences): void {
  remember('chat', JSON.stringify(chosen));
}
