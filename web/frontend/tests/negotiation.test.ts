import { describe, expect, it } from 'vitest';
import { Negotiation, writerOf, type Connection } from '../src/calls/negotiation';
import { Watch } from '../src/calls/watch';
import type { Candidate, Description, Signal } from '../src/lib/call-frames';

/** As much of an RTCPeerConnection as its signalling: the states of RFC 9429, section 3.2. */
class FakeConnection implements Connection {
  static made = 0;
  readonly certificate = (FakeConnection.made += 1);
  signalingState = 'stable';
  localDescription: Description | null = null;
  remote: Description | null = null;
  candidates: (Candidate | null)[] = [];
  restarts = 0;
  stale = false;
  closed = false;
  private round = 0;

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    if (this.closed) throw new Error('InvalidStateError');
    const type = this.signalingState === 'have-remote-offer' ? 'answer' : 'offer';
    this.round += 1;
    this.stale = false;
    this.localDescription = { type, sdp: `v=0\r\na=fingerprint:sha-256 C${this.certificate}\r\na=round:${this.round}\r\n` };
    this.signalingState = type === 'offer' ? 'have-local-offer' : 'stable';
  }

  async setRemoteDescription(description: Description): Promise<void> {
    await Promise.resolve();
    if (this.closed) throw new Error('InvalidStateError');
    if (description.sdp === 'garbage') throw new Error('OperationError');
    if (description.type === 'answer' && this.signalingState !== 'have-local-offer') throw new Error('InvalidStateError');
    this.remote = description;
    this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
  }

  async addIceCandidate(candidate: Candidate | null): Promise<void> {
    await Promise.resolve();
    if (this.remote === null) throw new Error('InvalidStateError');
    this.candidates.push(candidate);
  }

  restartIce(): void {
    this.restarts += 1;
  }

  close(): void {
    this.closed = true;
    this.signalingState = 'closed';
  }
}

/** One of two pages; what it sends waits until it is delivered, or lost. */
class Side {
  readonly sent: Signal[] = [];
  negotiation: Negotiation<FakeConnection>;
  answered = 0;

  constructor(readonly polite: boolean) {
    this.negotiation = this.fresh();
  }

  fresh(): Negotiation<FakeConnection> {
    this.negotiation = new Negotiation<FakeConnection>(this.polite, {
      open: () => new FakeConnection(),
      offering: () => undefined,
      answering: async () => {
        await Promise.resolve();
        this.answered += 1;
      },
      send: (signal) => this.sent.push(JSON.parse(JSON.stringify(signal)) as Signal),
    });
    return this.negotiation;
  }

  get state(): string {
    return this.negotiation.connection?.signalingState ?? 'none';
  }
}

async function exchange(one: Side, other: Side, rounds = 20): Promise<number> {
  let carried = 0;
  for (let round = 0; round < rounds && one.sent.length + other.sent.length > 0; round += 1) {
    for (const signal of one.sent.splice(0)) {
      carried += 1;
      await other.negotiation.take(signal);
    }
    for (const signal of other.sent.splice(0)) {
      carried += 1;
      await one.negotiation.take(signal);
    }
  }
  return carried;
}

function agree(one: Side, other: Side): void {
  const [here, there] = [one.negotiation.connection, other.negotiation.connection];
  expect([one.state, other.state]).toEqual(['stable', 'stable']);
  expect(writerOf(here?.remote?.sdp ?? '')).toBe(`C${there?.certificate}`);
  expect(writerOf(there?.remote?.sdp ?? '')).toBe(`C${here?.certificate}`);
}

const pair = (): [Side, Side] => [new Side(true), new Side(false)];
const CANDIDATE: Candidate = { candidate: 'candidate:1 1 udp 1 a.local 9 typ host', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: null };

describe('negotiation', () => {
  it.each([0, 1])('is over after one offer and one answer, whoever comes later (%i)', async (later) => {
    const sides = pair();
    await sides[later]!.negotiation.begin();
    expect(await exchange(...sides)).toBe(2);
    agree(...sides);
    expect(sides[1 - later]!.answered).toBe(1);
  });

  it('restarts although the offer of the impolite one was lost', async () => {
    const [polite, impolite] = pair();
    await impolite.negotiation.begin();
    await exchange(polite, impolite);
    const connections = [polite.negotiation.connection, impolite.negotiation.connection];
    await impolite.negotiation.restart();
    impolite.sent.splice(0);
    await polite.negotiation.restart();
    await exchange(polite, impolite);
    agree(polite, impolite);
    expect([polite.negotiation.connection, impolite.negotiation.connection]).toEqual(connections);
    expect([polite, impolite].map((side) => side.negotiation.connection?.signalingState)).toEqual(['stable', 'stable']);
  });

  it('settles two first offers by who is polite, with fresh connections', async () => {
    const sides = pair();
    await Promise.all(sides.map((side) => side.negotiation.begin()));
    await exchange(...sides);
    agree(...sides);
    expect(sides[0].answered).toBe(1);
    expect(sides[1].answered).toBe(0);
  });

  it('settles two restarts at once on the connections that are there', async () => {
    const sides = pair();
    await sides[0].negotiation.begin();
    await exchange(...sides);
    const before = sides.map((side) => side.negotiation.connection?.certificate);
    await Promise.all(sides.map((side) => side.negotiation.restart()));
    await exchange(...sides);
    agree(...sides);
    expect(sides.map((side) => side.negotiation.connection?.certificate)).toEqual(before);
  });

  it('agrees once more on the same connection, and on what changed while an offer was under way', async () => {
    const sides = pair();
    await sides[0].negotiation.begin();
    await exchange(...sides);
    const [here, there] = sides.map((side) => side.negotiation.connection!);
    here!.stale = true;
    await sides[0].negotiation.renegotiate();
    here!.stale = true;
    await sides[0].negotiation.renegotiate();
    expect(sides[0].sent).toHaveLength(1);
    expect(await exchange(...sides)).toBe(4);
    expect(here!.stale).toBe(false);
    there!.stale = true;
    await Promise.all(sides.map((side) => side.negotiation.renegotiate()));
    await exchange(...sides);
    expect(sides.map((side) => side.negotiation.connection)).toEqual([here, there]);
    expect([here!.stale, there!.stale]).toEqual([false, false]);
    agree(...sides);
  });

  it('has nothing to agree on again before it agreed once', async () => {
    const [polite, impolite] = pair();
    await polite.negotiation.renegotiate();
    await impolite.negotiation.begin();
    await impolite.negotiation.renegotiate();
    expect([polite.sent.length, impolite.sent.length]).toEqual([0, 1]);
  });

  it.each([0, 1])('begins anew with a page that was loaded again (%i)', async (again) => {
    const sides = pair();
    await sides[0].negotiation.begin();
    await exchange(...sides);
    sides[again]!.negotiation.close();
    await sides[again]!.fresh().begin();
    await exchange(...sides);
    agree(...sides);
  });

  it.each([0, 1])('begins anew though the one that stayed was restarting (%i)', async (again) => {
    const sides = pair();
    await sides[0].negotiation.begin();
    await exchange(...sides);
    sides[again]!.negotiation.close();
    await Promise.all([sides[again]!.fresh().begin(), sides[1 - again]!.negotiation.restart()]);
    await exchange(...sides);
    agree(...sides);
  });

  it.each([0, 1])('comes together though an old page’s offer reaches a new page first (%i)', async (again) => {
    const sides = pair();
    await sides[0].negotiation.begin();
    await exchange(...sides);
    sides[again]!.negotiation.close();
    sides[again]!.fresh();
    await sides[1 - again]!.negotiation.restart();
    await exchange(...sides);
    agree(...sides);
  });

  it('offers once more when the answer, or the offer, was lost', async () => {
    for (const lost of ['offer', 'answer']) {
      const sides = pair();
      await sides[1].negotiation.begin();
      if (lost === 'offer') sides[1].sent.splice(0);
      else {
        await sides[0].negotiation.take(sides[1].sent.shift()!);
        sides[0].sent.splice(0);
      }
      expect(await exchange(...sides)).toBe(0);
      await Promise.all(sides.map((side) => side.negotiation.resume()));
      await exchange(...sides);
      agree(...sides);
    }
  });

  it('keeps candidates that are early, not those of a connection that is gone', async () => {
    const [polite, impolite] = pair();
    await polite.negotiation.take({ candidate: CANDIDATE });
    await impolite.negotiation.begin();
    await exchange(polite, impolite);
    await polite.negotiation.take({ candidate: CANDIDATE });
    await polite.negotiation.take({ candidate: null });
    expect(polite.negotiation.connection?.candidates).toEqual([CANDIDATE, CANDIDATE, null]);
    const old = polite.negotiation.connection!;
    await polite.negotiation.begin();
    polite.sent.splice(0);
    polite.negotiation.gathered(old, CANDIDATE);
    expect(polite.sent).toEqual([]);
    polite.negotiation.gathered(polite.negotiation.connection!, CANDIDATE);
    expect(polite.sent).toEqual([{ candidate: CANDIDATE }]);
  });

  it('keeps candidates that overtook their offer', async () => {
    const [polite, impolite] = pair();
    await impolite.negotiation.begin();
    await polite.negotiation.take({ candidate: CANDIDATE });
    await exchange(polite, impolite);
    expect(polite.negotiation.connection?.candidates).toEqual([CANDIDATE]);
  });

  it('survives whatever a peer sends', async () => {
    const [polite, impolite] = pair();
    for (const description of [{ type: 'offer', sdp: 'garbage' }, { type: 'answer', sdp: 'garbage' }, { type: 'rollback', sdp: '' }, { type: 'offer', sdp: '' }] as Description[]) await polite.negotiation.take({ description });
    for (let i = 0; i < 1000; i += 1) void polite.negotiation.take({ candidate: CANDIDATE });
    expect(polite.negotiation.faults).toBeGreaterThan(700);
    await impolite.negotiation.begin();
    await polite.negotiation.resume();
    await exchange(polite, impolite);
    agree(polite, impolite);
  });

  it('comes together whatever order things happen in, as long as signals get through in the end', async () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      let state = seed * 2654435761;
      const chance = (most: number): number => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * most);
      };
      const sides = pair();
      await sides[chance(2)]!.negotiation.begin();
      for (let step = 0; step < 12; step += 1) {
        const here = sides[chance(2)]!;
        const there = sides[0] === here ? sides[1] : sides[0];
        const what = chance(6);
        if (what === 0) await here.negotiation.restart();
        else if (what === 1) {
          here.negotiation.close();
          await here.fresh().begin();
        } else if (here.sent.length > 0) await there.negotiation.take(here.sent.shift()!);
      }
      await exchange(...sides, 40);
      // What the watch does for whom nothing connects.
      if (sides.some((side) => side.state !== 'stable')) {
        await sides[1].negotiation.begin();
        await exchange(...sides, 40);
      }
      agree(...sides);
    }
  });
});

describe('the watch over a connection', () => {
  it('restarts a way that is lost, and begins anew where that does not help', () => {
    const watch = new Watch(false, 0);
    expect(watch.tick(3000)).toBeNull();
    watch.changed('connected', 3000);
    expect(watch.tick(60_000)).toBeNull();
    watch.changed('disconnected', 60_000);
    expect([watch.tick(61_000), watch.tick(62_000), watch.tick(69_000), watch.tick(70_000)]).toEqual([null, 'restart', null, 'begin']);
    expect([watch.tick(80_000), watch.tick(86_000)]).toEqual([null, 'begin']);
    watch.changed('connected', 90_000);
    expect(watch.connected).toBe(true);
  });

  it('does not wait where the browser gave up', () => {
    const watch = new Watch(true, 0);
    watch.changed('connected', 1000);
    expect(watch.changed('disconnected', 2000)).toBeNull();
    expect(watch.changed('failed', 2500)).toBe('restart');
    expect(watch.changed('failed', 9000)).toBe('begin');
  });

  it('tries nothing while signals do not get through, and gives time when they do again', () => {
    const watch = new Watch(false, 0);
    watch.reaches(false, 0);
    expect([watch.tick(60_000), watch.changed('failed', 61_000)]).toEqual([null, null]);
    watch.reaches(true, 70_000);
    expect([watch.tick(71_000), watch.tick(78_000)]).toEqual([null, 'begin']);
  });

  it('restarts once where the network changed while signals did not get through', () => {
    const watch = new Watch(false, 0);
    watch.changed('connected', 1000);
    watch.reaches(false, 2000);
    expect([watch.networkChanged(3000), watch.tick(4000)]).toEqual([null, null]);
    watch.reaches(true, 5000);
    expect([watch.tick(5000), watch.tick(6000)]).toEqual(['restart', null]);
  });

  it('gives time where there is an answer and ways are tried', () => {
    const watch = new Watch(false, 0);
    expect(watch.changed('connecting', 7000)).toBeNull();
    expect([watch.tick(8000), watch.tick(14_900), watch.tick(15_000)]).toEqual([null, null, 'begin']);
  });

  it('lets the impolite one begin first', () => {
    const [polite, impolite] = [new Watch(true, 0), new Watch(false, 0)];
    expect([impolite.tick(8000), polite.tick(8000), polite.tick(12_000)]).toEqual(['begin', null, 'begin']);
  });

  it('restarts where sound that came stands still, long before the browser says that the way is lost', () => {
    const [polite, impolite] = [new Watch(true, 0), new Watch(false, 0)];
    for (const watch of [polite, impolite]) {
      watch.restartedByThem(0);
      watch.changed('connected', 0);
      for (let at = 1000; at <= 4000; at += 1000) expect(watch.tick(at, at - 400)).toBeNull();
    }
    expect([impolite.tick(5000, 3600), impolite.tick(6000, 3600), impolite.tick(7000, 3600)]).toEqual([null, 'restart', null]);
    expect([polite.tick(6000, 3600), polite.tick(7000, null)]).toEqual([null, 'restart']);
    // Where that did not help the browser's word counts as ever.
    impolite.changed('disconnected', 9000);
    expect([impolite.tick(10_000), impolite.tick(11_000), impolite.tick(19_000)]).toEqual([null, 'restart', 'begin']);
  });

  it('takes quiet for nothing where no sound ever came, where it was helped just now, and while signals do not get through', () => {
    const watch = new Watch(false, 0);
    watch.changed('connected', 0);
    expect([watch.tick(5000), watch.tick(6000, 1000)]).toEqual([null, null]);
    watch.tick(7000, 7000);
    watch.restartedByThem(7500);
    watch.tick(8000, 8000);
    expect(watch.tick(12_000, 8000)).toBeNull();
    watch.reaches(false, 13_000);
    expect(watch.tick(20_000, 8000)).toBeNull();
    watch.reaches(true, 20_500);
    expect([watch.tick(21_000, 8000), watch.tick(40_000, 8000)]).toEqual(['restart', null]);
    watch.tick(41_000, 41_000);
    watch.changed('new', 41_500);
    watch.changed('connected', 42_000);
    expect(watch.tick(50_000, 41_000)).toBeNull();
  });

  it('restarts at once on another network', () => {
    const watch = new Watch(false, 0);
    watch.changed('connected', 1000);
    expect(watch.networkChanged(5000)).toBe('restart');
  });
});
