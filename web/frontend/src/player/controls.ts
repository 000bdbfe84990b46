/** What the player's face needs to know and may do: pure state, so that it can be tested and announced. */

export type Stage = 'loading' | 'offline' | 'starting' | 'live' | 'interrupted' | 'ended' | 'missing' | 'error' | 'unsupported';

import type { ChannelState } from '../lib/rest';
import type { PlaybackState } from './playback';

/** What the server says and what the player does, put together to what a viewer is told. */
export function stageOf(server: ChannelState | 'loading' | 'missing' | 'error', playback: PlaybackState): Stage {
  if (server === 'loading' || server === 'missing') return server;
  if (playback === 'unsupported') return 'unsupported';
  // A player that has pictures is believed more than a server that is not answering.
  if (server === 'error') return playback === 'playing' || playback === 'reconnecting' ? 'live' : 'error';
  if (server === 'offline') return playback === 'ended' ? 'ended' : 'offline';
  if (server === 'starting') return 'starting';
  if (server === 'ended') return playback === 'playing' ? 'live' : 'ended';
  if (playback === 'idle' || playback === 'loading') return 'loading';
  if (playback === 'ended') return 'ended';
  return server;
}

/** Whether the player should be open in this state of the channel. */
export function playable(server: ChannelState): boolean {
  return server === 'live' || server === 'interrupted';
}

/** Behind live by more than this is said, and can be mended with one press. Seconds. */
export const BEHIND = 3;
