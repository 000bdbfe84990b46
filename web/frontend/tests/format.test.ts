import { expect, it } from 'vitest';
import { Backoff } from '../src/lib/backoff';
import { bitrate, clock, count, percent, seconds, since } from '../src/lib/format';

it('writes clocks, rates and spans for people', () => {
  expect([clock(0), clock(187), clock(3765), clock(5, true), clock(-3)]).toEqual(['0:00', '3:07', '1:02:45', '00:00:05', '0:00']);
  expect([bitrate(640_000), bitrate(2_500_000)]).toEqual(['640 kbit/s', '2.5 Mbit/s']);
  expect([since(30_000), since(12 * 60_000), since(60 * 60_000), since(65 * 60_000)]).toEqual(['', '12 min', '1 hr', '1 hr 5 min']);
  expect([seconds(1.44), count(1204), count(1204, true), percent(0.031)]).toEqual(['1.4 s', '1,204', '1.2K', '3.1%']);
});

it('waits longer from time to time, up to a limit, and a little differently for everyone', () => {
  const middle = new Backoff(300, 4000, () => 0.5);
  expect([middle.next(), middle.next(), middle.next(), middle.next(), middle.next()]).toEqual([300, 600, 1200, 2400, 4000]);
  middle.reset();
  expect(middle.next()).toBe(300);
  expect(new Backoff(1000, 4000, () => 0).next()).toBe(750);
  expect(new Backoff(1000, 4000, () => 1).next()).toBe(1250);
});
