/** A connection's numbers as the browser counts them (RTCStatsReport), in our words. */

import type { Look } from './quality';

type Entry = Record<string, unknown> & { type: string };

function number(entry: Entry | undefined, name: string): number {
  const value = entry?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

export function lookAt(report: Iterable<Entry>, at: number): Look {
  const look: Look = { at, packetsReceived: 0, packetsLost: 0, lostUp: 0, jitter: 0, roundTrip: 0, bytesReceived: 0, bytesSent: 0, framesDecoded: 0, freezes: 0, available: 0 };
  for (const entry of report) {
    if (entry.type === 'inbound-rtp') {
      look.packetsReceived += number(entry, 'packetsReceived');
      look.packetsLost += Math.max(0, number(entry, 'packetsLost'));
      look.jitter = Math.max(look.jitter, number(entry, 'jitter') * 1000);
      look.bytesReceived += number(entry, 'bytesReceived');
      look.framesDecoded += number(entry, 'framesDecoded');
      look.freezes += number(entry, 'freezeCount');
    } else if (entry.type === 'outbound-rtp') {
      look.bytesSent += number(entry, 'bytesSent');
    } else if (entry.type === 'remote-inbound-rtp') {
      look.lostUp = Math.max(look.lostUp, number(entry, 'fractionLost'));
      look.roundTrip = Math.max(look.roundTrip, number(entry, 'roundTripTime') * 1000);
    } else if (entry.type === 'candidate-pair' && entry['nominated'] === true && entry['state'] === 'succeeded') {
      look.available = Math.max(look.available, number(entry, 'availableOutgoingBitrate'));
      look.roundTrip = Math.max(look.roundTrip, number(entry, 'currentRoundTripTime') * 1000);
    }
  }
  return look;
}
