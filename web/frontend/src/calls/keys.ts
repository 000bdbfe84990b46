/** What a key means in a call. Pure. */

export type Command = 'mute' | 'camera' | 'share' | 'hand' | 'chat' | 'people' | 'help' | 'close' | 'talk';

const KEYS: Readonly<Record<string, Command>> = { m: 'mute', v: 'camera', s: 'share', h: 'hand', c: 'chat', p: 'people', '?': 'help' };

export interface Pressed {
  key: string;
  modified: boolean;
  /** Where the focus is: keys write in a field, and the space bar presses a button. */
  focus: 'field' | 'button' | 'elsewhere';
  pushToTalk: boolean;
}

export function commandOf({ key, modified, focus, pushToTalk }: Pressed): Command | null {
  if (modified) return null;
  if (key === 'Escape') return 'close';
  if (focus === 'field') return null;
  if (key === ' ') return pushToTalk && focus === 'elsewhere' ? 'talk' : null;
  return KEYS[key.toLowerCase()] ?? null;
}
