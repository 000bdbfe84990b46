import { expect, it } from 'vitest';
import { append, NumberReader } from '../src/studio/numbers';
import { points } from '../src/parts/sparkline';

const report = (timestamp: number, bytes: number, packets: number, lost: number) => [
  { type: 'codec', id: 'C1', mimeType: 'video/H264', timestamp },
  { type: 'outbound-rtp', kind: 'video', timestamp, bytesSent: bytes, headerBytesSent: 0, packetsSent: packets, frameWidth: 1280, frameHeight: 720, framesPerSecond: 29, codecId: 'C1', qualityLimitationReason: 'cpu' },
  { type: 'outbound-rtp', kind: 'audio', timestamp, bytesSent: 0, packetsSent: 0 },
  { type: 'remote-inbound-rtp', kind: 'video', timestamp, packetsLost: lost, roundTripTime: 0.02 },
];

it('turns counters into rates', () => {
  const reader = new NumberReader();
  expect(reader.read(report(1000, 1000, 10, 0))).toMatchObject({ bitrate: 0, lossShare: 0 });
  expect(reader.read(report(2000, 251_000, 110, 5))).toMatchObject({
    bitrate: 2_000_000,
    lossShare: 0.05,
    rttMs: 20,
    width: 1280,
    height: 720,
    frameRate: 29,
    codec: 'H264',
    limitedBy: 'cpu',
  });
});

it('starts anew with a new connection instead of going negative', () => {
  const reader = new NumberReader();
  reader.read(report(1000, 900_000, 900, 9));
  expect(reader.read(report(2000, 1000, 10, 0))).toMatchObject({ bitrate: 0, lossShare: 0 });
});

it('knows nothing before anything is sent', () => {
  expect(new NumberReader().read([])).toBeNull();
});

it('keeps the last values', () => {
  expect(append([1, 2, 3], 4, 3)).toEqual([2, 3, 4]);
});

it('draws the newest value at the right edge, and zeros at the bottom', () => {
  expect(points([0, 0], 100, 20, 11)).toBe('90.0,18.0 100.0,18.0');
  expect(points([1, 2], 100, 20, 11)).toBe('90.0,10.0 100.0,2.0');
});
