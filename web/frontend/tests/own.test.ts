import { describe, expect, it } from 'vitest';
import { Own } from '../src/lib/own';

describe('what our account did', () => {
  it('knows what the server said and what was done since', () => {
    const own = new Own();
    own.learn({ m1: ['👍', ':wave:'], m2: [] });
    own.react('m1', '👍', false);
    own.react('m2', '🎉', true);
    expect([...own.reacted]).toEqual(['m1 :wave:', 'm2 🎉']);
    expect(own.has('m1', '👍')).toBe(false);
    expect(own.has('m2', '🎉')).toBe(true);
  });

  it('is another set with every change, and the same where nothing changed', () => {
    const own = new Own();
    const before = own.reacted;
    own.learn({});
    expect(own.reacted).toBe(before);
    own.react('m1', '👍', true);
    expect(own.reacted).not.toBe(before);
  });

  it('forgets reactions and votes together', () => {
    const own = new Own();
    own.learn({ m1: ['👍'] });
    own.choose('p1', 2);
    expect(own.vote('p1')).toBe(2);
    expect(own.vote('p2')).toBe(-1);
    own.forget();
    expect(own.vote('p1')).toBe(-1);
    expect(own.reacted.size).toBe(0);
  });
});
