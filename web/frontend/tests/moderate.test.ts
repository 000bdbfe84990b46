import { describe, expect, it } from 'vitest';
import type { Message } from '../src/lib/frames';
import { Room, type Watcher } from '../src/lib/room';
import { commandOf, type Pressed } from '../src/moderate/keys';
import { showing } from '../src/moderate/layout';
import { withValue } from '../src/moderate/mode-fields';
import { Desk } from '../src/moderate/desk';
import { fits, heldAfter, lineOf, moved, successor, waiting, withChange, withLine, type Logged, type LogFilter } from '../src/moderate/records';
import type { Appeal, LogLine, RoomSettings, Server } from '../src/moderate/server';
import { deed, detail, reasonsOf } from '../src/moderate/words';
import { events, joined, message, posted, World } from './fake-server';

const EVERYTHING: LogFilter = { action: '', name: '', side: 'by' };

function line(id: string, change: Partial<LogLine> = {}): LogLine {
  return { id, action: 'timeout', by: 'ada', account: 'troll', message: null, reason: '', data: {}, undoes: null, undone_by: null, undoable: true, at_ms: 0, ...change };
}

describe('the queue', () => {
  const held = [message('a'), message('b')].map((one) => ({ message: one as Message, why: ['hate'], created_ms: 1 }));

  it('has held messages first, then appeals', () => {
    expect(waiting(held, [{ id: 'x' } as Appeal]).map((one) => one.id)).toEqual(['a', 'b', 'x']);
  });

  it('takes a message that is told twice once', () => {
    const after = (id: string): string[] => heldAfter(held, { kind: 'held', message: message(id) as Message, why: [] }).map((one) => one.message.id);
    expect(after('b')).toEqual(['a', 'b']);
    expect(after('c')).toEqual(['a', 'b', 'c']);
    expect(heldAfter(held, { kind: 'decided', id: 'a', let_through: true, by: 'mona' }).map((one) => one.message.id)).toEqual(['b']);
  });

  it('misses nothing that is told while it is read', async () => {
    let answer: (page: { items: typeof held }) => void = () => undefined;
    const read = new Promise<{ items: typeof held }>((resolve) => (answer = resolve));
    const nothing = async (): Promise<{ items: never[] }> => ({ items: [] });
    const server = { held: () => read, appeals: nothing, settings: nothing, terms: async () => [], suspicious: async () => [], log: nothing };
    const host = { addController: () => undefined, removeController: () => undefined, requestUpdate: () => undefined, updateComplete: Promise.resolve(true) };
    const desk = new Desk(host, server as unknown as Server);
    const done = desk.read();
    desk.event({ kind: 'held', message: message('c') as Message, why: [] });
    desk.event({ kind: 'decided', id: 'a', let_through: false, by: 'mona' });
    answer({ items: held });
    await done;
    expect(desk.held?.map((one) => one.message.id)).toEqual(['b', 'c']);
  });

  it.each([
    [['a', 'b', 'c'], ['a', 'c'], 'b', 'c'],
    [['a', 'b', 'c'], ['a', 'b'], 'c', 'b'],
    [['a', 'b', 'c', 'd'], ['a', 'd'], 'b', 'd'],
    [['a'], [], 'a', ''],
    [['a'], ['n'], 'a', 'n'],
    [[], ['n'], '', 'n'],
  ])('of %j looks at the next one of %j when %s is gone', (before, now, gone, next) => {
    expect(successor(before, now, gone)).toBe(next);
  });

  it('is walked without leaving it', () => {
    expect(moved(['a', 'b'], 'a', 1)).toBe('b');
    expect(moved(['a', 'b'], 'b', 1)).toBe('b');
    expect(moved(['a', 'b'], 'a', -1)).toBe('a');
    expect(moved(['a', 'b'], '', 1)).toBe('a');
    expect(moved([], 'a', 1)).toBe('');
  });
});

describe('the log', () => {
  it('gets new lines on top, each once', () => {
    const lines = withLine([line('1')], line('2'), EVERYTHING);
    expect(lines.map((one) => one.id)).toEqual(['2', '1']);
    expect(withLine(lines, line('2'), EVERYTHING)).toHaveLength(2);
  });

  it('marks what is undone, whatever is filtered', () => {
    const [only] = withLine([line('1')], line('2', { action: 'untimeout', undoes: '1' }), { ...EVERYTHING, action: 'timeout' });
    expect(only).toMatchObject({ id: '1', undone_by: '2', undoable: false });
  });

  it('is filtered by what, by whom, to whom', () => {
    expect(fits(line('1'), { action: 'ban', name: '', side: 'by' })).toBe(false);
    expect(fits(line('1'), { action: '', name: 'ada', side: 'by' })).toBe(true);
    expect(fits(line('1'), { action: '', name: 'ada', side: 'account' })).toBe(false);
    expect(fits(line('1'), { action: 'timeout', name: 'troll', side: 'account' })).toBe(true);
  });

  it('reads lines as the room tells them', () => {
    const event: Logged = { kind: 'logged', id: '1', action: 'shield', by: '', subject: '', at: 7 };
    expect(lineOf(event)).toMatchObject({ by: null, account: null, undoes: null, undoable: true, at_ms: 7 });
    expect(lineOf({ ...event, action: 'deny_appeal' }).undoable).toBe(false);
  });
});

describe('words', () => {
  it('tell what was done', () => {
    expect(deed(line('1', { data: { seconds: 600 } }))).toBe('timed {who} out for 10 min');
    expect(deed(line('1', { action: 'ban', data: { seconds: null } }))).toBe('banned {who}');
    expect(deed(line('1', { action: 'suspect', data: { level: 'restricted' } }))).toBe('restricted {who}');
    expect(deed(line('1', { action: 'restore' }))).toBe('brought messages of {who} back');
  });

  it('tell which settings, and what they are now', () => {
    const said = detail(line('1', { action: 'settings', data: { 'modes.slow_seconds': 10, 'modes.followers_minutes': null, 'modes.unique': true, 'shield_modes.links': 'nobody', 'automod.levels.spam': 2 } }));
    expect(said).toBe('Slow mode: 10 sec, Followers only: Off, No repetitions: On, Shield · Links: The team only, Spam: More');
  });

  it('tell why a message was held', () => {
    expect(reasonsOf(['hate', 'term: free followers', 'suspicion', 'unheard_of'])).toBe('hate, term “free followers”, restricted account, unheard_of');
  });
});

describe('keys', () => {
  const pressed = (key: string, change: Partial<Pressed> = {}): Pressed => ({ key, modified: false, focus: 'elsewhere', queue: true, person: false, ...change });

  it.each([
    ['a', 'allow'],
    ['r', 'reject'],
    ['t', 'timeout'],
    ['b', 'ban'],
  ])('%s decides: %s', (key, decision) => {
    expect(commandOf(pressed(key))).toEqual({ what: 'decide', decision });
    expect(commandOf(pressed(key, { queue: false }))).toBeNull();
  });

  it('write in a field, and are the browser’s with Ctrl', () => {
    for (const key of ['a', 'b', 'z', '?', '1']) {
      expect(commandOf(pressed(key, { focus: 'field' }))).toBeNull();
      expect(commandOf(pressed(key, { modified: true }))).toBeNull();
    }
  });

  it('are about the person in the card, and about the queue elsewhere', () => {
    expect(commandOf(pressed('b', { focus: 'person', person: true }))).toEqual({ what: 'form', form: 'ban' });
    expect(commandOf(pressed('b', { person: true }))).toEqual({ what: 'decide', decision: 'ban' });
    expect(commandOf(pressed('b', { person: true, queue: false }))).toEqual({ what: 'form', form: 'ban' });
    expect(commandOf(pressed('w', { person: true }))).toEqual({ what: 'form', form: 'warn' });
    expect(commandOf(pressed('a', { focus: 'person', person: true }))).toBeNull();
  });

  it('leave the chat’s rows their own', () => {
    for (const key of ['r', 'b', 'ArrowDown']) expect(commandOf(pressed(key, { focus: 'chat' }))).toBeNull();
    expect(commandOf(pressed('z', { focus: 'chat' }))).toEqual({ what: 'undo' });
  });

  it('scroll with arrows outside the queue, and walk it inside', () => {
    expect(commandOf(pressed('ArrowDown'))).toBeNull();
    expect(commandOf(pressed('ArrowDown', { focus: 'queue' }))).toEqual({ what: 'move', by: 1 });
    expect(commandOf(pressed('k'))).toEqual({ what: 'move', by: -1 });
  });

  it('choose the parts of the page', () => {
    expect(commandOf(pressed('1'))).toEqual({ what: 'tab', tab: 'queue' });
    expect(commandOf(pressed('6'))).toEqual({ what: 'tab', tab: 'people' });
    expect(commandOf(pressed('7'))).toBeNull();
  });
});

describe('columns', () => {
  it('are three, two or one', () => {
    expect(showing('wide', 'chat', 'log')).toMatchObject({ selected: 'log', left: true, chat: true, people: true });
    expect(showing('medium', 'people', 'log')).toMatchObject({ selected: 'people', left: false, chat: true, people: true });
    expect(showing('medium', 'chat', 'log')).toMatchObject({ selected: 'log', left: true, chat: true, people: false });
    expect(showing('phone', 'chat', 'log')).toMatchObject({ selected: 'chat', left: false, chat: true, people: false });
    expect(showing('phone', 'log', 'log')).toMatchObject({ left: true, chat: false, people: false });
  });
});

describe('settings', () => {
  const settings = { modes: { slow_seconds: 0, unique: true }, automod: { levels: { spam: 1 }, marks: 3 }, allowed_hosts: ['a.org'], version: 3 } as unknown as RoomSettings;

  it('are merged name by name, lists are replaced', () => {
    const after = withChange(settings, { modes: { slow_seconds: 5 }, automod: { levels: { hate: 2 } }, allowed_hosts: ['b.org'] });
    expect(after).toMatchObject({ modes: { slow_seconds: 5, unique: true }, automod: { levels: { spam: 1, hate: 2 }, marks: 3 }, allowed_hosts: ['b.org'], version: 3 });
    expect(settings.modes.slow_seconds).toBe(0);
    expect(withChange(settings, { modes: { followers_minutes: null } }).modes.followers_minutes).toBeNull();
  });
});

describe('choices', () => {
  it('have what was set by other means', () => {
    expect(withValue([3, 10], 7)).toEqual([3, 7, 10]);
    expect(withValue([3, 10], 10)).toEqual([3, 10]);
    expect(withValue([3, 10], 0)).toEqual([3, 10]);
    expect(withValue([3, 10], null)).toEqual([3, 10]);
  });
});

describe('whoever watches a room', () => {
  it('is told each event once, and when to read anew', async () => {
    const world = new World();
    const seen: string[] = [];
    const watcher: Watcher = { event: (event) => seen.push(event.kind), fresh: () => seen.push('fresh') };
    const room = new Room('main', world.socket, () => undefined, () => world.clock);
    room.watcher = watcher;
    room.enter();
    const wire = await world.opened();
    wire.says(joined(wire.of('join').at(-1)?.['id']));
    expect(seen).toEqual(['fresh']);
    const told = events(10, 11, [posted('a')]);
    wire.says(told);
    wire.says(told);
    expect(seen).toEqual(['fresh', 'message']);
    wire.dies();
    const second = await world.reopened();
    second.says(joined(second.of('join').at(-1)?.['id'], { resumed: true, seq: 11 }));
    expect(seen).toEqual(['fresh', 'message']);
  });
});
