import { describe, expect, it } from 'vitest';
import { doorOf, type Door } from '../src/lib/playback-token';
import type { Visibility } from '../src/lib/rest';
import { returnPath } from '../src/lib/session';
import { programOf } from '../src/people/program';
import { ago } from '../src/people/when';

describe('the way back after signing in', () => {
  it.each([
    ['?next=%2Fwatch%2Fmain', '/watch/main'],
    ['?next=%2F%2Fevil.example', '/'],
    ['?next=%2F%5Cevil.example', '/'],
    ['?next=https%3A%2F%2Fevil.example', '/'],
    ['?next=javascript%3Aalert(1)', '/'],
    ['', '/'],
  ])('%s leads to %s', (search, path) => {
    expect(returnPath(search, '/')).toBe(path);
  });
});

describe('a moment', () => {
  const now = Date.UTC(2026, 0, 31, 12);
  it.each([
    [0, 'now'],
    [59_000, 'now'],
    [61_000, '1 minute ago'],
    [7_200_000, '2 hours ago'],
    [90_000_000, 'yesterday'],
    [40 * 86_400_000, 'last month'],
  ])('%d ms before', (before, words) => {
    expect(ago(now - before, now)).toBe(words);
  });
});

describe('the program of a session', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36', 'Chrome · Linux'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0', 'Edge · Windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 15.0; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox · macOS'],
    ['curl/8.4.0', 'curl'],
    ['', 'Unknown program'],
  ])('%s', (agent, words) => {
    expect(programOf(agent)).toBe(words);
  });
});

describe('what stands between a viewer and a channel', () => {
  it.each<[Visibility, string[], boolean, string, Door]>([
    ['public', ['see'], false, '', 'open'],
    ['unlisted', [], false, '', 'open'],
    ['followers', ['see'], false, '', 'sign-in'],
    ['followers', ['see', 'follow'], true, '', 'follow'],
    ['followers', ['see'], true, '', 'refused'],
    ['named', ['see'], true, '', 'refused'],
    ['named', ['see', 'watch'], true, '', 'waiting'],
    ['password', ['see'], false, '', 'password'],
    ['password', ['see'], false, 'a token', 'granted'],
  ])('%s, may %j, signed in %s, token %j: %s', (visibility, can, signedIn, token, door) => {
    expect(doorOf({ visibility, can }, signedIn, token)).toBe(door);
  });
});
