import { describe, expect, it } from 'vitest';
import { playable, stageOf } from '../src/player/controls';
import type { PlaybackState } from '../src/player/playback';

describe('what a viewer is told', () => {
  it.each([
    ['loading', 'idle', 'loading'],
    ['missing', 'idle', 'missing'],
    ['offline', 'idle', 'offline'],
    ['offline', 'ended', 'ended'],
    ['starting', 'idle', 'starting'],
    ['live', 'loading', 'loading'],
    ['live', 'playing', 'live'],
    ['live', 'reconnecting', 'live'],
    ['live', 'ended', 'ended'],
    ['live', 'unsupported', 'unsupported'],
    ['interrupted', 'playing', 'interrupted'],
    ['ended', 'playing', 'live'],
    ['ended', 'ended', 'ended'],
    ['ended', 'idle', 'ended'],
    ['error', 'playing', 'live'],
    ['error', 'idle', 'error'],
  ] as const)('server %s, player %s: %s', (server, playback, stage) => {
    expect(stageOf(server, playback as PlaybackState)).toBe(stage);
  });

  it('opens the player for what can be watched', () => {
    expect(['offline', 'starting', 'live', 'interrupted', 'ended'].filter((state) => playable(state as 'live'))).toEqual(['live', 'interrupted']);
  });
});
