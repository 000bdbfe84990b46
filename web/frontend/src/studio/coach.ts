/** One sentence for the streamer: the worst thing first, with what to do about it. */

import { bitrate, percent } from '../lib/format';
import { texts } from '../texts';
import type { Numbers } from './numbers';
import { smaller } from './sizes';

export interface Situation {
  reconnecting: boolean;
  liveSeconds: number;
  numbers: Numbers | null;
  /** Height of the chosen size in pixels. */
  height: number;
  maxBitrate: number;
  hasVideo: boolean;
  microphone: 'none' | 'muted' | 'silent' | 'heard';
}

export interface Advice {
  level: 'good' | 'warn' | 'bad';
  text: string;
}

/** Bandwidth estimation needs this long before its limits mean anything. Seconds. */
const SETTLING = 8;

export function advise(situation: Situation): Advice {
  const words = texts.studio.coach;
  const { numbers } = situation;
  if (situation.reconnecting) return { level: 'bad', text: words.reconnecting };
  if (numbers === null) return { level: 'good', text: words.starting };
  const next = smaller(situation.height);
  const settled = situation.liveSeconds >= SETTLING;
  if (settled && numbers.lossShare > 0.05) return { level: 'bad', text: words.loss(percent(numbers.lossShare)) };
  if (settled && numbers.limitedBy === 'cpu') return { level: 'bad', text: words.cpu(`${next?.height ?? situation.height}p`) };
  if (settled && numbers.limitedBy === 'bandwidth' && numbers.bitrate < situation.maxBitrate * 0.75) {
    const rate = bitrate(numbers.bitrate);
    return { level: 'warn', text: next ? words.uplink(rate, `${next.height}p`) : words.uplinkLowest(rate) };
  }
  if (settled && situation.hasVideo && numbers.frameRate > 0 && numbers.frameRate < 12) return { level: 'warn', text: words.fps(String(Math.round(numbers.frameRate))) };
  if (settled && numbers.lossShare > 0.02) return { level: 'warn', text: words.loss(percent(numbers.lossShare)) };
  if (numbers.rttMs > 300) return { level: 'warn', text: words.rtt(`${Math.round(numbers.rttMs)} ms`) };
  if (situation.microphone === 'muted') return { level: 'warn', text: words.muted };
  if (settled && situation.microphone === 'silent') return { level: 'warn', text: words.silent };
  if (!situation.hasVideo) return { level: 'warn', text: words.noVideo };
  if (!settled) return { level: 'good', text: words.starting };
  return { level: 'good', text: words.fine };
}
