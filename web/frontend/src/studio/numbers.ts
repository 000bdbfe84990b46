/** From the browser's raw counters to what a streamer wants to know. */

export interface Numbers {
  atMs: number;
  bitrate: number;
  width: number;
  height: number;
  frameRate: number;
  lossShare: number;
  rttMs: number;
  limitedBy: 'none' | 'bandwidth' | 'cpu' | 'other';
  encoder: string;
  codec: string;
}

interface Counters {
  atMs: number;
  bytes: number;
  packets: number;
  lost: number;
}

interface Stat {
  type: string;
  kind?: string;
  timestamp: number;
  [name: string]: unknown;
}

const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);

/** Turns successive reports of one connection into rates. */
export class NumberReader {
  private last: Counters | null = null;

  read(stats: Iterable<Stat>): Numbers | null {
    const all = [...stats];
    const outbound = all.filter((stat) => stat.type === 'outbound-rtp');
    const video = outbound.find((stat) => stat.kind === 'video');
    if (outbound.length === 0) return null;
    const remote = all.filter((stat) => stat.type === 'remote-inbound-rtp');
    const now: Counters = {
      atMs: Math.max(...outbound.map((stat) => stat.timestamp)),
      bytes: sum(outbound, 'bytesSent') + sum(outbound, 'headerBytesSent'),
      packets: sum(outbound, 'packetsSent'),
      lost: sum(remote, 'packetsLost'),
    };
    const before = this.last;
    // A new connection starts its counters anew.
    const usable = before !== null && now.bytes >= before.bytes && now.atMs > before.atMs;
    const seconds = usable ? (now.atMs - before.atMs) / 1000 : 0;
    const packets = usable ? now.packets - before.packets : 0;
    this.last = now;
    const codec = all.find((stat) => stat.type === 'codec' && stat['id'] === video?.['codecId']);
    return {
      atMs: now.atMs,
      bitrate: usable ? ((now.bytes - before.bytes) * 8) / seconds : 0,
      width: number(video?.['frameWidth']),
      height: number(video?.['frameHeight']),
      frameRate: number(video?.['framesPerSecond']),
      lossShare: usable && packets > 0 ? Math.min(1, Math.max(0, now.lost - before.lost) / packets) : 0,
      rttMs: Math.max(0, ...remote.map((stat) => number(stat['roundTripTime']))) * 1000,
      limitedBy: limit(video?.['qualityLimitationReason']),
      encoder: String(video?.['encoderImplementation'] ?? ''),
      codec: String(codec?.['mimeType'] ?? '').replace('video/', ''),
    };
  }
}

function sum(stats: readonly Stat[], name: string): number {
  return stats.reduce((total, stat) => total + number(stat[name]), 0);
}

function limit(reason: unknown): Numbers['limitedBy'] {
  return reason === 'bandwidth' || reason === 'cpu' || reason === 'other' ? reason : 'none';
}

/** The last values of one number, oldest first, for a sparkline. */
export function append(values: readonly number[], value: number, length = 60): number[] {
  return [...values.slice(-(length - 1)), value];
}
