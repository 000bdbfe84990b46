import { describe, expect, it } from 'vitest';
import { shownUntil } from '../src/chat/alignment';
import { contrast, luminance, nameColour, readable, rgbOf } from '../src/chat/colour';
import { lengthOf, matching, taken, tokenAt } from '../src/chat/completion';
import { readEmoji, withEmoji } from '../src/chat/emoji';
import { isOnlyPictures, partsOf } from '../src/chat/parts';
import { grown, leave, NEWEST, newer, older, over, ROWS, shifted } from '../src/chat/window';
import emojiText from '../src/chat/emoji.txt?raw';
import type { Entry } from '../src/lib/timeline';
import { message } from './fake-server';

const EMOTES = new Map([['wave', '/pictures/wave']]);
const shown = (text: string, mentions: string[] = []): string =>
  partsOf(text, mentions, EMOTES)
    .map((part) => (part.kind === 'text' ? part.text : part.kind === 'link' ? `<${part.before}${part.host}${part.after} ${part.href}>` : `[${part.kind} ${part.text}]`))
    .join('');

describe('a text taken apart', () => {
  it.each([
    ['hello', [], 'hello'],
    ['', [], ''],
    ['see https://example.org/a?b=1#c.', [], 'see <example.org/a?b=1#c https://example.org/a?b=1#c>.'],
    ['(https://example.org/x)', [], '(<example.org/x https://example.org/x>)'],
    ['https://en.wikipedia.org/wiki/A_(b)', [], '<en.wikipedia.org/wiki/A_(b) https://en.wikipedia.org/wiki/A_(b)>'],
    ['HTTP://Example.ORG', [], '<http://example.org http://example.org/>'],
    ['https://еxample.com', [], '<xn--xample-2of.com https://xn--xample-2of.com/>'],
    ['https://example.org@evil.example/', [], 'https://example.org@evil.example/'],
    ['https://good.example\u202e/moc.live', [], '<good.example/moc.live https://good.example/moc.live>'],
    ['javascript:alert(1) data:text/html,x ftp://a.example', [], 'javascript:alert(1) data:text/html,x ftp://a.example'],
    ['https://', [], 'https://'],
    ['@ada and @bob', ['ada'], '[mention @ada] and @bob'],
    ['@Ada!', ['ada'], '[mention @Ada]!'],
    ['mail@ada.example', ['ada'], 'mail@ada.example'],
    [':wave: :unknown: :WAVE:', [], '[emote :wave:] :unknown: [emote :WAVE:]'],
    ['<img src=x onerror=alert(1)>', [], '<img src=x onerror=alert(1)>'],
    ['[click](https://evil.example)', [], '[click](<evil.example https://evil.example/>)'],
  ])('%s', (text, mentions, wanted) => {
    expect(shown(text, mentions)).toBe(wanted);
  });

  it('shows of a long address its host and the beginning', () => {
    const [part] = partsOf(`https://example.org/${'a'.repeat(300)}`, [], EMOTES);
    expect(part).toMatchObject({ kind: 'link', host: 'example.org' });
    expect(part?.kind === 'link' ? part.after.length : 0).toBe(40);
  });

  it('loses nothing of what was typed but what links hide', () => {
    const text = 'a @ada :wave: https://a.example/ @b : ::wave:: https://';
    const back = partsOf(text, ['ada'], EMOTES).map((part) => (part.kind === 'link' ? 'https://a.example/' : part.text));
    expect(back.join('')).toBe(text);
  });

  it.each([
    ['👍', true],
    ['👍🏽 👩‍👩‍👧 🇩🇪', true],
    [':wave: 🎉', true],
    ['ok 👍', false],
    ['👍👍👍👍👍👍👍', false],
    ['5', false],
    ['', false],
  ])('%s is shown larger: %s', (text, large) => {
    expect(isOnlyPictures(partsOf(text, [], EMOTES))).toBe(large);
  });
});

describe('the colour of a name', () => {
  const grounds = { light: [0.85, 1], dark: [0.0262, 0.0106] } as const;
  const colours = ['#000000', '#ffffff', '#ff0000', '#00ff00', '#0000ff', '#ffff00', '#777777', '#e0a458', '#123456'];
  it.each(colours.flatMap((colour) => [[colour, 'light'] as const, [colour, 'dark'] as const]))('%s can be read when it is %s', (colour, theme) => {
    const found = luminance(rgbOf(readable(colour, theme)));
    for (const ground of grounds[theme]) expect(contrast(found, ground)).toBeGreaterThanOrEqual(4.5);
  });

  it('stays as it is where it can be read', () => {
    expect(readable('#e0a458', 'dark')).toBe('#e0a458');
  });

  it.each(['red', '', 'url(x)', '#fff', '#12345g', 'expression(1)', '#e0a458;background:url(//x)'])('%s is no colour, and no harm', (colour) => {
    expect(nameColour(colour)).toMatch(/^light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\)$/);
  });
});

describe('the window on a list', () => {
  it('follows the newest, never with more rows than it may have', () => {
    for (const length of [0, 1, 199, 200, 201, 5000]) {
      const window = over(NEWEST, length);
      expect(window.end).toBe(length);
      expect(window.end - window.start).toBe(Math.min(length, ROWS));
    }
  });

  it('stays where somebody reads, whatever comes or goes', () => {
    let window = leave(over(NEWEST, 500));
    window = grown(window, 560);
    expect(window).toEqual({ start: 300, end: 500, follows: false });
    expect(shifted(window, -120)).toEqual({ start: 180, end: 380, follows: false });
    expect(shifted(window, 50)).toEqual({ start: 350, end: 550, follows: false });
  });

  it('grows below while there is room', () => {
    expect(grown(leave(over(NEWEST, 50)), 120)).toEqual({ start: 0, end: 120, follows: false });
    expect(grown(leave(over(NEWEST, 50)), 500)).toEqual({ start: 0, end: 200, follows: false });
  });

  it('goes back to the first row and forth to the last', () => {
    let window = leave(over(NEWEST, 1000));
    const widest = (): void => expect(window.end - window.start).toBeLessThanOrEqual(ROWS);
    for (let i = 0; i < 20; i += 1) {
      window = older(window);
      widest();
    }
    expect(window).toMatchObject({ start: 0, end: ROWS });
    for (let i = 0; i < 20; i += 1) {
      window = newer(window, 1000);
      widest();
    }
    expect(window).toMatchObject({ start: 800, end: 1000 });
  });

  it('is never outside of a list that became short', () => {
    expect(over({ start: 300, end: 500, follows: false }, 10)).toEqual({ start: 9, end: 10, follows: false });
    expect(over({ start: 300, end: 500, follows: false }, 0)).toEqual({ start: 0, end: 0, follows: false });
  });
});

describe('a chat as somebody sees it', () => {
  const at = (id: string, moment: number, name = 'grace'): Entry => ({ key: id, seq: 1, gone: false, message: { ...message(id, id, name), at: moment } });
  const note: Entry = { key: 'n', notice: { what: 'missed' } };
  it.each([
    ['no picture', null, [at('a', 1), at('b', 2)], 2],
    ['an older picture', 1, [at('a', 1), at('b', 2)], 1],
    ['a newer picture', 9, [at('a', 1), at('b', 2)], 2],
    ['nothing old enough', 0, [at('a', 1), at('b', 2)], 0],
    ['an own message', 0, [at('a', 1), at('b', 2, 'ada'), at('c', 3)], 2],
    ['a notice in between', 1, [at('a', 1), note, at('b', 2), note], 2],
  ])('%s', (_, seen, entries, until) => {
    expect(shownUntil(entries, seen, 'ada')).toBe(until);
  });
});

describe('completion', () => {
  it.each([
    ['/ti', 3, { kind: 'command', typed: 'ti', start: 0, end: 3 }],
    ['say /ti', 7, null],
    ['/timeout a', 10, null],
    ['@', 1, { kind: 'mention', typed: '', start: 0, end: 1 }],
    ['hi @Ad', 6, { kind: 'mention', typed: 'ad', start: 3, end: 6 }],
    ['hi @ad, there', 6, { kind: 'mention', typed: 'ad', start: 3, end: 6 }],
    ['a@b', 3, null],
    [':wa', 3, { kind: 'emote', typed: 'wa', start: 0, end: 3 }],
    [':w', 2, null],
    ['12:30', 5, null],
  ])('of %s at %d', (text, caret, wanted) => {
    expect(tokenAt(text, caret)).toEqual(wanted);
  });

  it('offers first what begins so, then what holds it', () => {
    const items = ['unmute', 'mute', 'mods', 'commute'];
    expect(matching(items, 'mu', (item) => [item])).toEqual(['mute', 'unmute', 'commute']);
    expect(matching(items, '', (item) => [item], 2)).toEqual(['unmute', 'mute']);
  });

  it('puts what was chosen in the place of what was typed', () => {
    const token = tokenAt('hi @ad, there', 6);
    expect(token && taken('hi @ad, there', token, { text: '@ada', label: '' })).toEqual({ text: 'hi @ada , there', caret: 8 });
    const last = tokenAt('hi @ad there', 6);
    expect(last && taken('hi @ad there', last, { text: '@ada', label: '' })).toEqual({ text: 'hi @ada there', caret: 8 });
  });

  it.each([
    ['a'.repeat(500), 0, true],
    ['a'.repeat(501), -1, false],
    ['👍'.repeat(500), 0, true],
    ['👩‍👩‍👧'.repeat(120), -112, false],
    ['', 500, true],
  ])('counts code points and bytes', (text, left, fits) => {
    expect(lengthOf(text, 500)).toEqual({ left, fits });
  });
});

describe('the emoji', () => {
  it('stand for their names, where these are words and no emotes', () => {
    const known = new Map([['tada', '🎉'], ['wave', '👋']]);
    expect(withEmoji(':tada: 12:30:45 :wave: :nothing: a:tada:', EMOTES, known)).toBe('🎉 12:30:45 :wave: :nothing: a:tada:');
  });

  it('are all there, each with a name, each once', () => {
    const groups = readEmoji(emojiText);
    const all = groups.flatMap((group) => group.emoji);
    expect(groups.map((group) => group.name)).toEqual(['smileys', 'people', 'nature', 'food', 'travel', 'activities', 'objects', 'symbols', 'flags']);
    expect(all.length).toBeGreaterThan(1800);
    expect(new Set(all.map((one) => one.text)).size).toBe(all.length);
    expect(all.filter((one) => !/^[a-z0-9_+-]+$/u.test(one.name))).toEqual([]);
    expect(all.filter((one) => !isOnlyPictures(partsOf(one.text, [], EMOTES)))).toEqual([]);
  });
});
