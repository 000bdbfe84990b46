/** How good a connection is, from two looks at its numbers. Pure; what a browser calls them is read in statistics.ts. */

import type { Quality } from '../lib/call-frames';

/** Counters since the connection began; times in milliseconds, sizes in bytes. */
export interface Look {
  at: number;
  packetsReceived: number;
  packetsLost: number;
  /** What the other says of what we send: share of packets lost, 0 to 1. */
  lostUp: number;
  jitter: number;
  roundTrip: number;
  bytesReceived: number;
  bytesSent: number;
  framesDecoded: number;
  freezes: number;
  /** What the transport believes it may send, bits a second; 0 while it does not know. */
  available: number;
}

export interface Measure {
  quality: Quality;
  /** Shares, 0 to 1. */
  lossDown: number;
  lossUp: number;
  roundTrip: number;
  jitter: number;
  /** Bits a second. */
  down: number;
  up: number;
  /** Pictures a second. */
  pictures: number;
}

const FAIR = { loss: 0.02, roundTrip: 250, jitter: 30 };
const POOR = { loss: 0.08, roundTrip: 500, jitter: 80 };

/** Of fewer packets one that is lost says nothing: a microphone nobody speaks into sends two or three a second. */
const LEAST = 20;

export function measure(before: Look, now: Look): Measure | null {
  const seconds = (now.at - before.at) / 1000;
  if (seconds <= 0) return null;
  // A counter that went back: a track was replaced. What follows is measured again.
  const grown = (one: keyof Look): number => Math.max(0, now[one] - before[one]);
  const received = grown('packetsReceived');
  const lost = grown('packetsLost');
  const found = {
    lossDown: received + lost < LEAST ? 0 : lost / (received + lost),
    lossUp: now.lostUp,
    roundTrip: now.roundTrip,
    jitter: now.jitter,
    down: (grown('bytesReceived') * 8) / seconds,
    up: (grown('bytesSent') * 8) / seconds,
    pictures: grown('framesDecoded') / seconds,
  };
  return { ...found, quality: judge(found.lossDown, found.lossUp, found.roundTrip, found.jitter, grown('freezes'), received) };
}

function judge(down: number, up: number, roundTrip: number, jitter: number, freezes: number, received: number): Quality {
  const loss = Math.max(down, up);
  if (received === 0 || loss >= POOR.loss || roundTrip >= POOR.roundTrip || jitter >= POOR.jitter) return 'poor';
  if (freezes > 0 || loss >= FAIR.loss || roundTrip >= FAIR.roundTrip || jitter >= FAIR.jitter) return 'fair';
  return 'good';
}

const ORDER: Record<Quality, number> = { '': -1, good: 0, fair: 1, poor: 2 };
/** So many looks in a row have to be better before a mark gets better; it gets worse after two. */
const BETTER_AFTER = 4;
const WORSE_AFTER = 2;

/** A mark that does not flicker. */
export class Steady {
  mark: Quality = '';
  private row = 0;

  /** Takes one more judgement; whether the mark changed. */
  take(judged: Quality): boolean {
    if (judged === '' || judged === this.mark) {
      this.row = 0;
      return false;
    }
    this.row += 1;
    const first = this.mark === '' && judged === 'good';
    const enough = first || this.row >= (ORDER[judged] > ORDER[this.mark] ? WORSE_AFTER : BETTER_AFTER);
    if (!enough) return false;
    this.mark = judged;
    this.row = 0;
    return true;
  }
}

/** The worst of all, as what is told to the others of oneself when most of one's connections are bad: then it is oneself. */
export function own(marks: readonly Quality[]): Quality {
  const known = marks.filter((mark) => mark !== '').sort((one, other) => ORDER[one] - ORDER[other]);
  return known[Math.floor((known.length - 1) / 2)] ?? '';
}

/** What is kept of a call when it is over: means of what was measured. */
export class Summary {
  private looks = 0;
  private roundTrip = 0;
  private loss = 0;
  private poor = 0;
  private worst = 0;

  take(found: Measure): void {
    this.looks += 1;
    this.roundTrip += found.roundTrip;
    this.loss += found.lossDown;
    this.worst = Math.max(this.worst, found.lossDown);
    if (found.quality === 'poor') this.poor += 1;
  }

  get numbers(): Record<string, number> | null {
    if (this.looks === 0) return null;
    const share = (sum: number): number => Math.round((sum / this.looks) * 1000) / 1000;
    return { round_trip_ms: Math.round(this.roundTrip / this.looks), loss: share(this.loss), worst_loss: Math.round(this.worst * 1000) / 1000, poor: share(this.poor) };
  }
}
