import { describe, expect, it } from 'vitest';
import { advise, type Situation } from '../src/studio/coach';
import type { Numbers } from '../src/studio/numbers';

const numbers: Numbers = {
  atMs: 0,
  bitrate: 2_400_000,
  width: 1280,
  height: 720,
  frameRate: 30,
  lossShare: 0,
  rttMs: 20,
  limitedBy: 'none',
  encoder: 'OpenH264',
  codec: 'H264',
};

const fine: Situation = { reconnecting: false, liveSeconds: 60, numbers, height: 720, maxBitrate: 2_500_000, hasVideo: true, microphone: 'heard' };

const cases: [string, Partial<Situation>, string, RegExp][] = [
  ['nothing is wrong', {}, 'good', /All good/],
  ['the connection is lost', { reconnecting: true }, 'bad', /Connection lost/],
  ['it has only begun', { liveSeconds: 3 }, 'good', /Finding out/],
  ['there are no numbers yet', { numbers: null }, 'good', /Finding out/],
  ['the uplink is slow', { numbers: { ...numbers, limitedBy: 'bandwidth', bitrate: 900_000 } }, 'warn', /900 kbit\/s only\. Choose 540p/],
  ['the uplink is slow at the smallest size', { height: 360, numbers: { ...numbers, limitedBy: 'bandwidth', bitrate: 300_000 } }, 'warn', /another network/],
  ['the computer is slow', { numbers: { ...numbers, limitedBy: 'cpu' } }, 'bad', /too busy.*540p/],
  ['packets get lost', { numbers: { ...numbers, lossShare: 0.08 } }, 'bad', /8%/],
  ['a few packets get lost', { numbers: { ...numbers, lossShare: 0.03 } }, 'warn', /3%/],
  ['the way is long', { numbers: { ...numbers, rttMs: 420 } }, 'warn', /420 ms/],
  ['pictures are few', { numbers: { ...numbers, frameRate: 7 } }, 'warn', /Only 7/],
  ['the microphone is muted', { microphone: 'muted' }, 'warn', /muted/],
  ['the microphone is silent', { microphone: 'silent' }, 'warn', /silent/],
  ['there is no picture', { hasVideo: false }, 'warn', /No picture/],
];

describe('the coach', () => {
  it.each(cases)('when %s', (_, change, level, text) => {
    const advice = advise({ ...fine, ...change });
    expect(advice.level).toBe(level);
    expect(advice.text).toMatch(text);
  });

  it('says the worst thing first', () => {
    expect(advise({ ...fine, microphone: 'muted', numbers: { ...numbers, lossShare: 0.2 } }).text).toMatch(/lost/);
  });
});
