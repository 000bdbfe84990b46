import { expect, it } from 'vitest';
import { offsetOf } from '../src/lib/clock';

it('trusts the quickest round trip', () => {
  const samples = [
    { sentMs: 1000, receivedMs: 1400, serverMs: 5000 },
    { sentMs: 2000, receivedMs: 2010, serverMs: 5500 },
    { sentMs: 3000, receivedMs: 3100, serverMs: 7000 },
  ];
  expect(offsetOf(samples)).toEqual({ offsetMs: 3495, errorMs: 5 });
});

it('knows nothing without samples, and ignores a clock that went backwards', () => {
  expect(offsetOf([])).toBeNull();
  expect(offsetOf([{ sentMs: 10, receivedMs: 5, serverMs: 1 }])).toBeNull();
});
