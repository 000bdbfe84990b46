import { describe, expect, it } from 'vitest';
import { settled, World } from './fake-server';

describe('opening', () => {
  it('says hello with a ticket, and is online when welcomed', async () => {
    const world = new World();
    const states: string[] = [];
    world.socket.listen(() => states.push(world.socket.state.kind));
    const wire = await world.opened();
    expect(wire.sent[0]).toEqual({ type: 'hello', version: 1, ticket: 'ticket-1', client: 'fanlight-web' });
    expect(states).toEqual(['connecting', 'online']);
    expect(world.socket.account?.name).toBe('ada');
  });

  it('gives up a connection on which nobody answers, and tries again', async () => {
    const world = new World();
    world.socket.start();
    await settled();
    world.wire.onopen?.();
    await world.pass(10_001);
    expect(world.wires[0]?.closed).toBeUndefined();
    expect(world.socket.state.kind).toBe('offline');
    await world.pass(2000);
    expect(world.wires).toHaveLength(2);
  });

  it('waits as long as the server asks before the next ticket', async () => {
    const world = new World();
    world.ticketFails = Object.assign(new Error('Too many'), { retryAfter: 20 });
    world.socket.start();
    await world.pass(19_000);
    expect(world.tickets).toBe(1);
    await world.pass(1500);
    expect(world.tickets).toBe(2);
  });

  it('waits longer and longer while nothing answers, but never more than half a minute', async () => {
    const world = new World();
    world.ticketFails = new Error('network');
    world.socket.start();
    const pauses: number[] = [];
    for (let i = 0; i < 10; i += 1) {
      await settled();
      if (world.socket.state.kind !== 'offline') throw new Error('should be offline');
      const pause = world.socket.state.again - world.clock;
      pauses.push(pause);
      await world.pass(pause);
    }
    expect(pauses.slice(0, 4)).toEqual([400, 800, 1600, 3200]);
    expect(Math.max(...pauses)).toBe(30_000);
  });
});

describe('an ending', () => {
  it.each([
    [1006, 'offline'],
    [1000, 'offline'],
    [1012, 'offline'],
    [1013, 'offline'],
    [4000, 'offline'],
    [4001, 'offline'],
    [4003, 'stopped'],
    [4008, 'offline'],
    [4010, 'offline'],
    [4029, 'offline'],
    [1003, 'stopped'],
    [1008, 'stopped'],
    [1009, 'stopped'],
    [4004, 'stopped'],
  ])('by %d leaves it %s', async (code, kind) => {
    const world = new World();
    (await world.opened()).dies(code);
    expect(world.socket.state.kind).toBe(kind);
    await world.pass(5500);
    expect(world.wires).toHaveLength(kind === 'offline' ? 2 : 1);
  });

  it('of the session asks for nothing more until it is started anew', async () => {
    const world = new World();
    (await world.opened()).dies(4003);
    expect(world.socket.state).toMatchObject({ kind: 'stopped', why: 'signed_out' });
    expect(world.socket.account).toBeNull();
    world.socket.start();
    await settled();
    expect(world.wires).toHaveLength(2);
  });

  it('announced by bye comes back exactly when the server said', async () => {
    const world = new World();
    const wire = await world.opened();
    wire.says({ type: 'bye', code: 1012, detail: 'This node stops.', retry_after: 7.5 });
    wire.dies(1012);
    expect(world.socket.state).toMatchObject({ kind: 'offline', why: 'This node stops.', again: world.clock + 7500 });
    await world.pass(7400);
    expect(world.wires).toHaveLength(1);
    await world.pass(200);
    expect(world.wires).toHaveLength(2);
  });

  it('by flooding waits at least five seconds', async () => {
    const world = new World();
    (await world.opened()).dies(4029);
    await world.pass(5000);
    expect(world.wires).toHaveLength(1);
  });

  it('is not heard twice, and an old connection is not heard at all', async () => {
    const world = new World();
    const first = await world.opened();
    first.dies();
    first.dies();
    const second = await world.reopened();
    first.says({ type: 'bye', code: 4003, detail: '', retry_after: 0 });
    first.dies(4003);
    expect(world.socket.state.kind).toBe('online');
    expect(world.wire).toBe(second);
  });

  it('of ours says good-bye', async () => {
    const world = new World();
    const wire = await world.opened();
    world.socket.stop();
    expect(wire.closed).toBe(1000);
    await world.pass(100_000);
    expect(world.wires).toHaveLength(1);
  });
});

describe('silence', () => {
  it('is broken by a ping three times in the idle time', async () => {
    const world = new World();
    const wire = await world.opened();
    for (let i = 1; i <= 3; i += 1) {
      await world.pass(20_001);
      expect(wire.of('ping')).toHaveLength(i);
      wire.says({ type: 'pong', now: 1_764_170_000_000 + i });
    }
    expect(world.wires).toHaveLength(1);
  });

  it('of three seconds is enough where the network may be another', async () => {
    const world = new World();
    await world.opened();
    world.socket.nudge();
    await world.pass(2_900);
    expect(world.socket.state.kind).toBe('online');
    await world.pass(200);
    expect(world.socket.state.kind).toBe('offline');
  });

  it('of the server for ten seconds after a ping is taken for a loss', async () => {
    const world = new World();
    await world.opened();
    await world.pass(30_001);
    expect(world.socket.state.kind).toBe('offline');
  });

  it('is not waited for when something says that now is the moment', async () => {
    const world = new World();
    const wire = await world.opened();
    world.socket.nudge();
    expect(wire.of('ping')).toHaveLength(1);
    wire.dies();
    world.socket.nudge();
    await settled();
    expect(world.wires).toHaveLength(2);
  });

  it('tells nothing of the clock: only the quickest answer does', async () => {
    const world = new World();
    expect(world.socket.serverNow()).toBeNull();
    const wire = await world.opened();
    const server = 1_764_170_000_000;
    expect(world.socket.serverNow()).toBe(server);
    world.socket.nudge();
    world.clock += 900;
    wire.says({ type: 'pong', now: server + 5000 });
    // That answer took 900 ms: the first one, which took none, is believed.
    expect(world.socket.serverNow()).toBe(server + 900);
  });
});

describe('what we ask', () => {
  const send = (text: string) => ({ type: 'send' as const, room: 'main', text });

  it('waits for a connection, and is sent once there is one', async () => {
    const world = new World();
    const answers: string[] = [];
    world.socket.ask(send('one'), (answer) => answers.push(answer.type));
    const wire = await world.opened();
    expect(wire.of('send')).toEqual([{ type: 'send', room: 'main', text: 'one', id: 'c-1' }]);
    wire.says({ type: 'done', id: 'c-1', message: 'm', seq: 1 });
    wire.says({ type: 'done', id: 'c-1', message: 'm', seq: 1 });
    expect(answers).toEqual(['done']);
  });

  it('is sent again under the same id after a loss, in its order', async () => {
    const world = new World();
    const first = await world.opened();
    for (const text of ['one', 'two', 'three']) world.socket.ask(send(text), () => undefined);
    first.says({ type: 'done', id: 'c-1' });
    first.dies();
    world.socket.ask(send('four'), () => undefined);
    const second = await world.reopened();
    expect(second.of('send').map((frame) => [frame['id'], frame['text']])).toEqual([
      ['c-2', 'two'],
      ['c-3', 'three'],
      ['c-4', 'four'],
    ]);
  });

  it('does not look like a flood after a long time offline', async () => {
    const world = new World();
    for (let i = 0; i < 30; i += 1) world.socket.ask(send(String(i)), () => undefined);
    const wire = await world.opened();
    expect(wire.of('send')).toHaveLength(8);
    wire.says({ type: 'done', id: 'c-1' });
    expect(wire.of('send')).toHaveLength(9);
  });

  it('is refused here when fifty wait already', async () => {
    const world = new World();
    const refused: string[] = [];
    for (let i = 0; i < 52; i += 1) world.socket.ask(send(String(i)), (answer) => refused.push(answer.type === 'refused' ? answer.code : ''));
    expect(refused).toEqual(['queue_full', 'queue_full']);
  });

  it('is tried again while the database is away, and what was written later stays behind it', async () => {
    const world = new World();
    const wire = await world.opened();
    world.socket.ask(send('one'), () => undefined);
    wire.says({ type: 'refused', id: 'c-1', code: 'database_unavailable', detail: '', retry_after: 2 });
    world.socket.ask(send('two'), () => undefined);
    await world.pass(1900);
    expect(wire.of('send').map((frame) => frame['text'])).toEqual(['one']);
    await world.pass(200);
    expect(wire.of('send').map((frame) => frame['text'])).toEqual(['one', 'one', 'two']);
  });

  it('is refused for good by everything else', async () => {
    const world = new World();
    const wire = await world.opened();
    const codes: string[] = [];
    world.socket.ask(send('one'), (answer) => codes.push(answer.type === 'refused' ? answer.code : ''));
    wire.says({ type: 'refused', id: 'c-1', code: 'slow_mode', detail: '', retry_after: 7 });
    await world.pass(20_000);
    expect(codes).toEqual(['slow_mode']);
    expect(wire.of('send')).toHaveLength(1);
  });

  it('is given up when it is ten minutes old', async () => {
    const world = new World();
    const codes: string[] = [];
    world.ticketFails = new Error('network');
    world.socket.start();
    world.socket.ask(send('one'), (answer) => codes.push(answer.type === 'refused' ? answer.code : ''));
    await world.pass(9 * 60_000);
    expect(codes).toEqual([]);
    await world.pass(2 * 60_000);
    expect(codes).toEqual(['not_sent']);
  });

  it('can be taken back while it waits', async () => {
    const world = new World();
    const id = world.socket.ask(send('one'), () => undefined);
    expect(world.socket.withdraw(id)).toBe(true);
    const wire = await world.opened();
    expect(wire.of('send')).toEqual([]);
  });

  it('of the moment is not asked again', async () => {
    const world = new World();
    const first = await world.opened();
    const codes: string[] = [];
    world.socket.ask({ type: 'history', room: 'main', before: 5 }, (answer) => codes.push(answer.type === 'refused' ? answer.code : ''));
    first.dies();
    const second = await world.reopened();
    expect(codes).toEqual(['offline']);
    expect(second.of('history')).toEqual([]);
  });
});

describe('frames nobody knows', () => {
  it.each(['', 'null', '5', '"x"', '{}', '{"type":"of_tomorrow"}', '{"type":"events","room":"elsewhere","after":0,"seq":1,"events":[]}', '[', '{"type":"done","id":"never-asked"}'])('like %s are passed over', async (text) => {
    const world = new World();
    const wire = await world.opened();
    wire.onmessage?.({ data: text });
    expect(world.socket.state.kind).toBe('online');
  });
});
