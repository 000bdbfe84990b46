import { describe, expect, it } from 'vitest';
import { Call, type Connections, type Kept } from '../src/calls/call';
import type { Seat } from '../src/lib/call-frames';
import { World, type FakeWire } from './fake-server';

const CALL = '01hzzzzzzzzzzzzzzzzzzzzzzz';

function seat(name: string, change: Partial<Seat> = {}): Seat {
  return { seat: name, name, account: name, role: 'person', camera: true, microphone: true, screen: false, hand: false, quality: '', present: true, since: 1, ...change };
}

function seated(id: unknown, seats: Seat[], change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: 'seated', id, call: CALL, title: 'Monday', you: 'me', secret: 's1', seats: [...seats, seat('me', { since: 9 })], knocks: [],
    relays: { ice_servers: [], relay_only: false, expires: 0 }, locked: false, lobby: true, limit: 8, may_direct: false, ...change,
  };
}

function last(wire: FakeWire, type: string): Record<string, unknown> {
  const found = wire.of(type).at(-1);
  if (found === undefined) throw new Error(`no ${type} was sent`);
  return found;
}

class Page {
  readonly world = new World();
  readonly told: string[] = [];
  kept: { seat: string; secret: string } | null = null;
  readonly call: Call;

  constructor(kept: { seat: string; secret: string } | null = null) {
    this.kept = kept;
    const connections: Connections = {
      came: (one, offer) => this.told.push(`came ${one.seat}${offer ? ' offer' : ''}`),
      changed: (one, before) => this.told.push(`changed ${one.seat}${one.present === before.present ? '' : one.present ? ' back' : ' away'}`),
      gone: (one) => this.told.push(`gone ${one}`),
      signalled: (from) => this.told.push(`signalled ${from}`),
      relays: () => undefined,
      reaches: (reachable) => this.told.push(reachable ? 'reachable' : 'unreachable'),
      asked: (order) => this.told.push(`asked ${order}`),
      over: () => this.told.push('over'),
    };
    const keeping: Kept = { read: () => this.kept, write: (found) => (this.kept = found) };
    this.call = new Call(CALL, 'invite', this.world.socket, connections, keeping, () => undefined);
  }

  async inside(seats: Seat[] = [], change: Record<string, unknown> = {}): Promise<FakeWire> {
    const wire = await this.entering();
    wire.says(seated(last(wire, 'enter')['id'], seats, change));
    return wire;
  }

  async entering(): Promise<FakeWire> {
    const wire = await this.world.opened();
    this.call.enter('Grace');
    return wire;
  }
}

describe('entering a call', () => {
  it('shows the invite, and offers to those who were there', async () => {
    const page = new Page();
    const wire = await page.inside([seat('a'), seat('b', { present: false })]);
    expect(last(wire, 'enter')).toMatchObject({ call: CALL, invite: 'invite', name: 'Grace' });
    expect(page.call.phase.kind).toBe('in');
    expect(page.told).toEqual(['came a offer', 'came b', 'reachable']);
    expect(page.kept).toEqual({ seat: 'me', secret: 's1' });
  });

  it('waits in the lobby until somebody decides', async () => {
    const page = new Page();
    const wire = await page.entering();
    const { id } = last(wire, 'enter');
    wire.says({ type: 'knocking', id, call: CALL });
    expect(page.call.phase.kind).toBe('knocking');
    wire.says(seated(id, []));
    expect(page.call.phase.kind).toBe('in');
  });

  it.each(['call_full', 'call_locked', 'call_denied', 'call_unknown'])('says that it is not let in: %s', async (code) => {
    const page = new Page();
    const wire = await page.entering();
    wire.says({ type: 'refused', id: last(wire, 'enter')['id'], code, detail: 'No.' });
    expect(page.call.phase).toEqual({ kind: 'refused', code, detail: 'No.' });
  });

  it('tries again where the server is busy', async () => {
    const page = new Page();
    const wire = await page.entering();
    wire.says({ type: 'refused', id: last(wire, 'enter')['id'], code: 'server_busy', detail: '' });
    await page.world.pass(1500);
    expect(wire.of('enter')).toHaveLength(2);
  });

  it('takes its seat up again, and comes as somebody new when it is gone', async () => {
    const page = new Page({ seat: 'me', secret: 's0' });
    const wire = await page.entering();
    expect(last(wire, 'enter')).toMatchObject({ seat: 'me', secret: 's0' });
    wire.says({ type: 'refused', id: last(wire, 'enter')['id'], code: 'seat_unknown', detail: '' });
    expect(wire.of('enter')).toHaveLength(2);
    expect(last(wire, 'enter')).not.toHaveProperty('secret');
    wire.says(seated(last(wire, 'enter')['id'], []));
    expect(page.call.phase.kind).toBe('in');
  });
});

describe('in a call', () => {
  it('follows who comes, changes and goes', async () => {
    const page = new Page();
    const wire = await page.inside([seat('a')]);
    page.told.length = 0;
    wire.says({ type: 'seat', call: CALL, seat: seat('c', { since: 20 }) });
    wire.says({ type: 'seat', call: CALL, seat: seat('a', { present: false }) });
    wire.says({ type: 'seat_left', call: CALL, seat: 'a', how: 'lost' });
    wire.says({ type: 'signalled', call: CALL, from: 'a', candidate: null });
    wire.says({ type: 'signalled', call: CALL, from: 'c', candidate: null });
    wire.says({ type: 'seat', call: 'another', seat: seat('d') });
    expect(page.told).toEqual(['came c', 'changed a away', 'gone a', 'signalled c']);
    expect(page.call.seats.map((one) => one.seat)).toEqual(['me', 'c']);
  });

  it('keeps its connections while the server is away, and its seat when it is back', async () => {
    const page = new Page();
    const wire = await page.inside([seat('a'), seat('b')]);
    page.told.length = 0;
    wire.dies();
    expect(page.call.phase.kind).toBe('in');
    const second = await page.world.reopened();
    expect(last(second, 'enter')).toMatchObject({ seat: 'me', secret: 's1' });
    second.says(seated(last(second, 'enter')['id'], [seat('a'), seat('c')]));
    expect(page.told).toEqual(['unreachable', 'gone b', 'changed a', 'came c offer', 'reachable']);
  });

  it('begins all anew when its seat was given away meanwhile', async () => {
    const page = new Page();
    const wire = await page.inside([seat('a')]);
    page.told.length = 0;
    wire.dies();
    const second = await page.world.reopened();
    second.says({ type: 'refused', id: last(second, 'enter')['id'], code: 'seat_unknown', detail: '' });
    second.says(seated(last(second, 'enter')['id'], [], { you: 'me2', seats: [seat('a'), seat('me2')] }));
    expect(page.told).toEqual(['unreachable', 'gone a', 'came a offer', 'reachable']);
  });

  it('has a bounded number of signals under way, and loses none of them', async () => {
    const page = new Page();
    const wire = await page.inside([seat('a')]);
    for (let i = 0; i < 40; i += 1) page.call.signal('a', { candidate: null });
    expect(wire.of('signal')).toHaveLength(12);
    wire.says({ type: 'refused', id: wire.of('signal')[0]!['id'], code: 'too_many_requests', detail: '', retry_after: 1 });
    for (let answered = 1; answered < 60; answered += 1) {
      await page.world.pass(100);
      const next = wire.of('signal')[answered];
      if (next) wire.says({ type: 'done', id: next['id'] });
    }
    expect(wire.of('signal')).toHaveLength(41);
  });

  it('says what it shows once, with the last of it', async () => {
    const page = new Page();
    const wire = await page.inside();
    const shown = { camera: true, microphone: false, screen: false, hand: false, quality: '' } as const;
    page.call.show(shown);
    page.call.show({ ...shown, hand: true });
    page.call.show({ ...shown, microphone: true });
    const [first] = wire.of('show');
    expect(wire.of('show')).toHaveLength(1);
    wire.says({ type: 'done', id: first!['id'] });
    expect(wire.of('show').at(-1)).toMatchObject({ microphone: true, hand: false });
    expect(page.call.me?.microphone).toBe(true);
  });

  it('keeps what is said, and counts what was not read', async () => {
    const page = new Page();
    const wire = await page.inside([seat('a')]);
    wire.says({ type: 'said', call: CALL, seat: 'a', name: 'A', text: 'hello', at: 1 });
    wire.says({ type: 'said', call: CALL, seat: 'me', name: 'Me', text: 'hi', at: 2 });
    expect([page.call.said.length, page.call.unread]).toEqual([2, 1]);
    page.call.read();
    expect(page.call.unread).toBe(0);
  });

  it('knows who knocks', async () => {
    const page = new Page();
    const wire = await page.inside([], { may_direct: true, knocks: [{ id: 'k1', name: 'Ada', account: '' }] });
    wire.says({ type: 'knocked', call: CALL, knock: { id: 'k2', name: 'Bob', account: 'bob' } });
    page.call.admit('k1', true, () => undefined);
    wire.says({ type: 'knock_over', call: CALL, knock: 'k2' });
    expect(page.call.knocks).toEqual([]);
    expect(last(wire, 'admit')).toMatchObject({ knock: 'k1', admit: true });
  });

  it('is over when the server says so, and does not come back', async () => {
    const page = new Page();
    const wire = await page.inside([seat('a')]);
    wire.says({ type: 'call_over', call: CALL, code: 'call_removed', detail: 'You were removed.' });
    expect(page.call.phase).toEqual({ kind: 'over', code: 'call_removed', detail: 'You were removed.' });
    expect(page.told.slice(-2)).toEqual(['gone a', 'over']);
    expect(page.kept).toBeNull();
    wire.dies();
    const second = await page.world.reopened();
    expect(second.of('enter')).toEqual([]);
  });

  it('says good-bye with what it measured', async () => {
    const page = new Page();
    const wire = await page.inside();
    page.call.exit({ loss: 0.01 });
    expect(last(wire, 'exit')).toMatchObject({ call: CALL, quality: { loss: 0.01 } });
    expect(page.call.phase.kind).toBe('left');
  });
});
