import { describe, expect, it } from 'vitest';
import { Room } from '../src/lib/room';
import { isMessage, KEPT, MOST, Timeline } from '../src/lib/timeline';
import { events, joined, message, posted, World, type FakeWire } from './fake-server';

function texts(room: Room): string[] {
  return room.timeline.entries.map((entry) => (isMessage(entry) ? (entry.gone ? `(${entry.message.text})` : entry.message.text) : `*${entry.notice.what}`));
}

function last(wire: FakeWire, type: string): Record<string, unknown> {
  const found = wire.of(type).at(-1);
  if (found === undefined) throw new Error(`no ${type} was sent`);
  return found;
}

async function inside(fields: Parameters<typeof joined>[1] = {}): Promise<{ world: World; room: Room; wire: FakeWire; told: () => number }> {
  const world = new World();
  let told = 0;
  const room = new Room('main', world.socket, () => (told += 1), () => world.clock);
  room.enter();
  const wire = await world.opened();
  wire.says(joined(last(wire, 'join')['id'], fields));
  return { world, room, wire, told: () => told };
}

const POLL = { id: 'p1', question: 'Which?', options: ['a', 'b'], votes: [0, 0], ends_at: 9e12, closed: false };

describe('entering', () => {
  it('shows the history and knows who it is there', async () => {
    const { room } = await inside({ messages: [{ seq: 9, message: message('a') }, { seq: 10, message: message('b') }], earlier: true });
    expect(room.state.kind).toBe('joined');
    expect(texts(room)).toEqual(['a', 'b']);
    expect(room.timeline.earlier).toBe(true);
    expect(room.you.may).toEqual(['write']);
  });

  it('is told why not, and can be tried again', async () => {
    const world = new World();
    const room = new Room('main', world.socket, () => undefined, () => world.clock);
    room.enter();
    const wire = await world.opened();
    wire.says({ type: 'refused', id: last(wire, 'join')['id'], code: 'sign_in_required', detail: 'Sign in.' });
    expect(room.state).toEqual({ kind: 'out', code: 'sign_in_required', detail: 'Sign in.' });
    room.again();
    wire.says(joined(last(wire, 'join')['id']));
    expect(room.state.kind).toBe('joined');
  });

  it('shows the token of a channel with a password', async () => {
    const world = new World();
    const room = new Room('main', world.socket, () => undefined, () => world.clock, () => 'playback-token');
    room.enter();
    expect(last(await world.opened(), 'join')).toMatchObject({ room: 'main', token: 'playback-token' });
  });

  it.each(['database_unavailable', 'server_busy', 'not_joined'])('is no answer when the server says %s: it is tried again', async (code) => {
    const { world, room, wire } = await inside({ messages: [{ seq: 10, message: message('a') }] });
    wire.dies();
    const second = await world.reopened();
    second.says({ type: 'refused', id: last(second, 'join')['id'], code, detail: '' });
    expect(room.state.kind).toBe('joined');
    expect(texts(room)).toEqual(['a']);
    await world.pass(1001);
    expect(second.of('join')).toHaveLength(2);
  });

  it('is tried again by itself when the server says that later is better', async () => {
    const world = new World();
    const room = new Room('main', world.socket, () => undefined, () => world.clock);
    room.enter();
    const wire = await world.opened();
    wire.says({ type: 'refused', id: last(wire, 'join')['id'], code: 'chat_banned', detail: '', retry_after: 2 });
    await world.pass(5001);
    expect(wire.of('join')).toHaveLength(2);
  });
});

describe('the events of a room', () => {
  it('follow one another', async () => {
    const { room, wire } = await inside();
    wire.says(events(10, 11, [posted('a')]));
    wire.says(events(11, 13, [posted('b'), posted('c')]));
    wire.says(events(13, 20, []));
    wire.says(events(20, 21, [posted('d')]));
    expect(texts(room)).toEqual(['a', 'b', 'c', 'd']);
  });

  it.each([
    ['once more', 10, 11],
    ['that are older', 3, 4],
  ])('told %s change nothing', async (_, after, seq) => {
    const { room, wire } = await inside();
    wire.says(events(10, 11, [posted('a')]));
    wire.says(events(after, seq, [posted('a')]));
    expect(texts(room)).toEqual(['a']);
    expect(wire.of('join')).toHaveLength(1);
  });

  it.each([
    ['after a gap', 15, 16],
    ['that overlap what is known', 9, 12],
  ])('%s make it ask where it is, and resume', async (_, after, seq) => {
    const { world, room, wire } = await inside();
    await world.pass(2000);
    wire.says(events(10, 11, [posted('a')]));
    wire.says(events(after, seq, [posted('z')]));
    expect(texts(room)).toEqual(['a']);
    expect(last(wire, 'join')).toMatchObject({ epoch: 'e1', after: 11 });
    // What comes before the answer is in the answer, too.
    wire.says(events(seq, seq + 1, [posted('y')]));
    wire.says(joined(last(wire, 'join')['id'], { seq: seq + 1, resumed: true }));
    wire.says(events(11, seq + 1, [posted('b'), posted('z'), posted('y')]));
    expect(texts(room)).toEqual(['a', 'b', 'z', 'y']);
  });

  it('that never fit make it ask once a second, not as fast as the network', async () => {
    const { world, wire } = await inside();
    for (let i = 0; i < 50; i += 1) {
      wire.says(events(100 + i, 101 + i, [posted(`x${i}`)]));
      const join = last(wire, 'join');
      wire.says(joined(join['id'], { resumed: true }));
      await world.pass(100);
    }
    expect(wire.of('join').length).toBeLessThanOrEqual(7);
  });

  it.each([
    ['an edit', [{ kind: 'edited' as const, id: 'a', text: 'A!' }], ['A!', 'b']],
    ['a deletion by the author', [{ kind: 'deleted' as const, ids: ['a'] }], ['b']],
    ['a deletion by the team', [{ kind: 'deleted' as const, ids: ['a', 'nobody knows'], by_team: true }], ['(a)', 'b']],
    ['a purge', [{ kind: 'purged' as const, name: 'grace' }], ['(a)', 'b']],
    ['a message that is back', [{ kind: 'deleted' as const, ids: ['a'], by_team: true }, { kind: 'restored' as const, messages: [message('a')] }], ['a', 'b']],
    ['everything cleared', [{ kind: 'cleared' as const }, posted('c')], ['*cleared', 'c']],
    ['a message known already', [posted('a')], ['a', 'b']],
    ['something of tomorrow', [{ kind: 'of_tomorrow' } as never], ['a', 'b']],
  ])('like %s', async (_, list, after) => {
    const { room, wire } = await inside({ messages: [{ seq: 9, message: message('a') }, { seq: 10, message: message('b', 'b', 'ada') }] });
    wire.says(events(10, 10 + list.length, list));
    expect(texts(room)).toEqual(after);
  });

  it('change the room itself', async () => {
    const { room, wire } = await inside();
    const poll = { id: 'p', question: '?', options: ['x', 'y'], votes: [1, 2], ends_at: 5, closed: false };
    wire.says(
      events(10, 15, [
        { kind: 'modes', modes: { ...room.modes, slow_seconds: 10 }, shield: true },
        { kind: 'pinned', message: message('pin') },
        { kind: 'poll', poll },
        { kind: 'emotes' },
        { kind: 'reactions', id: 'nobody', reactions: {} },
      ]),
    );
    expect(room.modes.slow_seconds).toBe(10);
    expect(room.shield).toBe(true);
    expect(room.pinned?.id).toBe('pin');
    expect(room.poll).toEqual(poll);
    expect(room.emotes).toBe(1);
    wire.says({ type: 'you', room: 'main', you: { ...room.you, refused: 'chat_muted', muted_until: 9 } });
    expect(room.you.refused).toBe('chat_muted');
  });

  it('are drawn once for a frame, however many they are', async () => {
    const { wire, told } = await inside();
    const before = told();
    wire.says(events(10, 110, Array.from({ length: 100 }, (_, i) => posted(`m${i}`))));
    expect(told() - before).toBe(1);
  });
});

describe('a reconnection', () => {
  it('gets exactly what was missed', async () => {
    const { world, room, wire } = await inside({ messages: [{ seq: 10, message: message('a') }] });
    wire.says(events(10, 12, [posted('b')]));
    wire.dies();
    const second = await world.reopened();
    expect(last(second, 'join')).toMatchObject({ epoch: 'e1', after: 12 });
    second.says(joined(last(second, 'join')['id'], { seq: 14, resumed: true }));
    second.says(events(12, 14, [posted('c'), posted('d')]));
    expect(texts(room)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('says so when something is lost, and shows how it stands now', async () => {
    const { world, room, wire } = await inside({ messages: [{ seq: 10, message: message('a') }] });
    wire.dies();
    const second = await world.reopened();
    second.says(joined(last(second, 'join')['id'], { epoch: 'e2', seq: 5, missed: true, messages: [{ seq: 5, message: message('x') }] }));
    second.says(events(5, 6, [posted('y')]));
    expect(texts(room)).toEqual(['x', '*missed', 'y']);
  });

  it('that breaks off before it is in joins on the next', async () => {
    const { world, room, wire } = await inside();
    wire.dies();
    const second = await world.reopened();
    second.dies();
    const third = await world.reopened();
    third.says(joined(last(third, 'join')['id'], { resumed: true }));
    third.says(events(10, 11, [posted('a')]));
    expect(texts(room)).toEqual(['a']);
  });

  it('of somebody who was put out says why', async () => {
    const { room, wire } = await inside();
    wire.says({ type: 'left', room: 'main', code: 'chat_banned', detail: 'You are banned from this channel.' });
    expect(room.state).toEqual({ kind: 'out', code: 'chat_banned', detail: 'You are banned from this channel.' });
    wire.says(events(10, 11, [posted('a')]));
    expect(texts(room)).toEqual([]);
  });
});

describe('what we write', () => {
  it.each([
    ['the answer first', ['done', 'event']],
    ['the event first', ['event', 'done']],
  ])('is seen once: %s', async (_, order) => {
    const { room, wire } = await inside();
    const id = room.send('hello', null, 1234.6);
    expect(last(wire, 'send')).toEqual({ type: 'send', id, room: 'main', text: 'hello', media: 1235 });
    expect(room.drafts.items).toHaveLength(1);
    for (const what of order) {
      if (what === 'done') wire.says({ type: 'done', id, message: 'm1', seq: 11 });
      else wire.says(events(10, 11, [posted('m1', 'hello', 'ada')]));
      expect(room.drafts.items.length + texts(room).length).toBe(1);
    }
    expect(room.drafts.items).toEqual([]);
    expect(texts(room)).toEqual(['hello']);
  });

  it('survives a lost answer: it is asked again, and seen once', async () => {
    const { world, room, wire } = await inside();
    const id = room.send('hello');
    wire.dies();
    const second = await world.reopened();
    expect(second.sent.map((frame) => frame['type'])).toEqual(['hello', 'join', 'send']);
    second.says(joined(last(second, 'join')['id'], { seq: 11, resumed: true }));
    second.says(events(10, 11, [posted('m1', 'hello', 'ada')]));
    second.says({ type: 'done', id, message: 'm1', seq: 11 });
    expect(last(second, 'send')['id']).toBe(id);
    expect(room.drafts.items).toEqual([]);
    expect(texts(room)).toEqual(['hello']);
  });

  it('can be held for the team, and appears when it is let through', async () => {
    const { room, wire } = await inside();
    const id = room.send('hello');
    wire.says({ type: 'done', id, message: 'm1', held: true });
    expect(room.drafts.items[0]).toMatchObject({ state: 'held', message: 'm1' });
    wire.says(events(10, 11, [posted('m1', 'hello', 'ada')]));
    expect(room.drafts.items).toEqual([]);
  });

  it('can be refused, tried again as the same message, or thrown away', async () => {
    const { world, room, wire } = await inside();
    const id = room.send('hello');
    wire.says({ type: 'refused', id, code: 'slow_mode', detail: 'Slowly.', retry_after: 7 });
    expect(room.drafts.items[0]).toMatchObject({ state: 'failed', code: 'slow_mode', again: world.clock + 7000 });
    room.retry(id);
    expect(wire.of('send').map((frame) => frame['id'])).toEqual([id, id]);
    expect(room.drafts.items[0]?.state).toBe('sending');
    wire.says({ type: 'refused', id, code: 'blocked_term', detail: '' });
    room.discard(id);
    expect(room.drafts.items).toEqual([]);
  });

  it('that is a command gets its answer as a note', async () => {
    const { room, wire } = await inside();
    const id = room.send('/slow 10');
    wire.says({ type: 'done', id, text: 'Slow mode is on.' });
    expect(texts(room)).toEqual(['*answer']);
    expect(room.drafts.items).toEqual([]);
  });

  it('beyond what may wait is refused at once, and kept to try again', async () => {
    const world = new World();
    const room = new Room('main', world.socket, () => undefined, () => world.clock);
    for (let i = 0; i < 51; i += 1) room.send(String(i));
    expect(room.drafts.items.at(-1)).toMatchObject({ state: 'failed', code: 'queue_full' });
  });

  it.each([
    ['edit', (room: Room) => room.edit('m1', 'x', () => undefined), { message: 'm1', text: 'x' }],
    ['delete', (room: Room) => room.delete('m1', () => undefined), { message: 'm1' }],
    ['react', (room: Room) => room.react('m1', '❤️'), { message: 'm1', reaction: '❤️', on: true }],
    ['vote', (room: Room) => room.vote('p1', 2), { poll: 'p1', option: 2 }],
    ['acknowledge', (room: Room) => room.acknowledge(() => undefined), {}],
  ])('as %s', async (type, act, fields) => {
    const { room, wire } = await inside();
    act(room);
    expect(last(wire, type)).toMatchObject({ room: 'main', ...fields });
  });

  it('refused elsewhere is told', async () => {
    const { room, wire } = await inside();
    const codes: string[] = [];
    room.delete('m1', (why) => codes.push(why.code));
    wire.says({ type: 'refused', id: last(wire, 'delete')['id'], code: 'not_found', detail: '' });
    expect(codes).toEqual(['not_found']);
  });

  it('chosen is shown at once, and taken back where it is refused', async () => {
    const { room, wire } = await inside({ mine: { m1: ['👍'] }, poll: POLL, voted: 1 });
    expect(room.own.vote('p1')).toBe(1);
    room.react('m1', '👍');
    room.vote('p1', 0);
    expect(last(wire, 'react')).toMatchObject({ on: false });
    expect([room.own.has('m1', '👍'), room.own.vote('p1')]).toEqual([false, 0]);
    for (const type of ['react', 'vote']) wire.says({ type: 'refused', id: last(wire, type)['id'], code: 'rate_limited', detail: '' });
    expect([room.own.has('m1', '👍'), room.own.vote('p1')]).toEqual([true, 1]);
  });
});

describe('reading back', () => {
  it('fetches what is before, once at a time, until there is nothing', async () => {
    const { room, wire } = await inside({ messages: [{ seq: 10, message: message('c') }], earlier: true });
    room.older();
    room.older();
    expect(wire.of('history')).toHaveLength(1);
    expect(last(wire, 'history')).toMatchObject({ before: 10, limit: 50 });
    wire.says({ type: 'history', id: last(wire, 'history')['id'], room: 'main', messages: [{ seq: 7, message: message('b') }, { seq: 10, message: message('c') }], earlier: false, mine: { b: ['🎉'] } });
    expect(texts(room)).toEqual(['b', 'c']);
    expect(room.own.has('b', '🎉')).toBe(true);
    room.older();
    expect(wire.of('history')).toHaveLength(1);
  });

  it('loses nothing before a message whose own number was never told', async () => {
    const { room, wire } = await inside({ earlier: true });
    // Two of four numbers are for us: the second message may be number 14, no later.
    wire.says(events(10, 14, [posted('a'), posted('b')]));
    room.timeline.remove((one) => one.id === 'a', false);
    room.older();
    expect(last(wire, 'history')).toMatchObject({ before: 14 });
  });

  it('is possible again after a loss while it fetched', async () => {
    const { world, room, wire } = await inside({ messages: [{ seq: 10, message: message('c') }], earlier: true });
    room.older();
    wire.dies();
    expect(room.fetching).toBe(false);
    const second = await world.reopened();
    second.says(joined(last(second, 'join')['id'], { resumed: true }));
    room.older();
    expect(second.of('history')).toHaveLength(1);
  });

  it('while far too much comes keeps the place, counts, and fetches the newest when it is left', async () => {
    const { room, wire } = await inside();
    wire.says(events(10, 11, [posted('first')]));
    room.hold(true);
    let seq = 11;
    for (let i = 0; i < MOST + 50; i += 1) wire.says(events(seq, (seq += 1), [posted(`m${i}`)]));
    expect(room.timeline.entries).toHaveLength(MOST);
    expect(texts(room)[0]).toBe('first');
    expect(room.timeline.skipped).toBe(51);
    room.hold(false);
    expect(last(wire, 'history')).toMatchObject({ before: seq + 1, limit: 100 });
    wire.says(events(seq, seq + 1, [posted('newest')]));
    wire.says({ type: 'history', id: last(wire, 'history')['id'], room: 'main', messages: [{ seq, message: message('newer') }], earlier: true, mine: {} });
    expect(texts(room)).toEqual(['newer', 'newest']);
  });
});

describe('a timeline', () => {
  it('puts back what the team took away where it was', () => {
    const timeline = new Timeline();
    for (const at of [1, 3, 5]) timeline.add({ ...message(`m${at}`), at }, at);
    timeline.restore([2, 6].map((at) => ({ ...message(`m${at}`), at })));
    expect(timeline.entries.map((entry) => entry.key)).toEqual(['m1', 'm2', 'm3', 'm5', 'm6']);
    timeline.earlier = true;
    timeline.restore([{ ...message('m0'), at: 0 }]);
    expect(timeline.entries[0]?.key).toBe('m1');
  });

  it('keeps the newest only, and says that there is more', () => {
    const timeline = new Timeline();
    for (let i = 0; i < 3 * KEPT; i += 1) timeline.add(message(`m${i}`), i);
    expect(timeline.entries.length).toBeLessThanOrEqual(KEPT);
    expect(timeline.entries.at(-1)?.key).toBe(`m${3 * KEPT - 1}`);
    expect(timeline.earlier).toBe(true);
  });

  it('says together who came one after the other', () => {
    const timeline = new Timeline();
    timeline.note({ what: 'came', names: ['ada'] });
    timeline.note({ what: 'came', names: ['grace', 'ada'] });
    expect(timeline.entries).toHaveLength(1);
    expect(timeline.entries[0]).toMatchObject({ notice: { names: ['ada', 'grace'] } });
  });

  it('replaces what changed, so that what did not is known to be the same', () => {
    const timeline = new Timeline();
    timeline.add(message('a'), 1);
    timeline.add(message('b'), 2);
    const [a, b] = timeline.entries;
    timeline.edit('b', 'B', []);
    expect(timeline.entries[0]).toBe(a);
    expect(timeline.entries[1]).not.toBe(b);
  });
});
