import { describe, expect, it } from 'vitest';
import { dismiss, dismissed, lookedUp, lookUp } from '../src/chat/links-known';
import { ApiError } from '../src/lib/api';
import type { Preview } from '../src/lib/rest';

const PAGE: Preview = { title: 'A page', description: '', site: '' };

describe('a link', () => {
  it('is asked for once, however often it is posted', async () => {
    let asked = 0;
    const ask = async (): Promise<Preview> => {
      asked += 1;
      return PAGE;
    };
    expect(lookedUp('main', 'https://a.example/')).toBeUndefined();
    const both = await Promise.all([lookUp('main', 'https://a.example/', ask), lookUp('main', 'https://a.example/', ask)]);
    expect(both).toEqual([PAGE, PAGE]);
    expect(await lookUp('main', 'https://a.example/', ask)).toBe(PAGE);
    expect(asked).toBe(1);
  });

  it.each([
    [404, null],
    [429, undefined],
    [503, undefined],
    [0, undefined],
  ])('refused with %s is known as %s', async (status, known) => {
    const href = `https://b.example/${status}`;
    expect(await lookUp('main', href, () => Promise.reject(new ApiError(status, 'code', '')))).toBeNull();
    expect(lookedUp('main', href)).toBe(known);
  });

  it('of long ago is forgotten', async () => {
    for (let i = 0; i < 201; i += 1) await lookUp('main', `https://c.example/${i}`, async () => PAGE);
    expect(lookedUp('main', 'https://c.example/0')).toBeUndefined();
    expect(lookedUp('main', 'https://c.example/200')).toBe(PAGE);
  });

  it('that was closed stays closed', () => {
    dismiss('https://d.example/');
    expect([dismissed('https://d.example/'), dismissed('https://e.example/')]).toEqual([true, false]);
  });
});
