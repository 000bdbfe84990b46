/** What two pages of a call tell each other over their data channel: the pictures they wish, and whether they speak. Pure. */

import type { Wish } from './sizes';

export type Told = Wish | { speaks: boolean };

const LONGEST = 200;
/** The height of the largest pictures there are, in pixels. */
const TALLEST = 4320;

/** What was told, out of what came: anything else is nothing. */
export function toldOf(text: unknown): Told | null {
  if (typeof text !== 'string' || text.length > LONGEST) return null;
  try {
    const found: unknown = JSON.parse(text);
    if (found === null || typeof found !== 'object') return null;
    if ('speaks' in found) return { speaks: found.speaks === true };
    return 'camera' in found && 'screen' in found ? { camera: height(found.camera), screen: height(found.screen) } : null;
  } catch {
    return null;
  }
}

function height(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(TALLEST, Math.max(0, Math.round(value))) : 0;
}
