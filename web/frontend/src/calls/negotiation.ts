/** Perfect negotiation with one of the others: who offers, who yields, and what happens when pages come back as somebody new. Knows no browser. */

import type { Candidate, Description, Signal } from '../lib/call-frames';

/** What an RTCPeerConnection is to us here. */
export interface Connection {
  readonly signalingState: string;
  readonly localDescription: { type: string; sdp: string } | null;
  /** More is to be sent than was agreed on. */
  readonly stale: boolean;
  setLocalDescription(): Promise<void>;
  setRemoteDescription(description: Description): Promise<void>;
  addIceCandidate(candidate: Candidate | null): Promise<void>;
  restartIce(): void;
  close(): void;
}

export interface NegotiationHost<C extends Connection> {
  /** A connection with nothing agreed on. */
  open(): C;
  /** An offer is about to be made: add what we send that has no place yet. */
  offering(connection: C): void;
  /** An offer was taken: add what we send before it is answered. */
  answering(connection: C): Promise<void>;
  send(signal: Signal): void;
}

/** Candidates that came before what they belong to. More are not kept: the next restart brings them again. */
const EARLY = 64;
/** Signals that wait to be taken. */
const WAITING = 256;

/** Which peer connection wrote a description: each has a certificate of its own. */
export function writerOf(sdp: string): string {
  return /^a=fingerprint:\S+ (\S+)/im.exec(sdp)?.[1] ?? '';
}

export class Negotiation<C extends Connection> {
  connection: C | null = null;
  /** Signals that could not be used. */
  faults = 0;

  private writer = '';
  private offering = false;
  private early: (Candidate | null)[] = [];
  private tasks: Promise<void> = Promise.resolve();
  private waiting = 0;
  private closed = false;

  constructor(
    /** When both offer at once, the polite one yields. */
    readonly polite: boolean,
    private readonly host: NegotiationHost<C>,
  ) {}

  /** A new connection, offered by us. */
  begin(): Promise<void> {
    return this.queue(async () => {
      this.renew(true);
      await this.offer();
    });
  }

  /** The same connection on other ways through the network; a new one where nothing was agreed on yet. */
  restart(): Promise<void> {
    return this.queue(async () => {
      const { connection } = this;
      if (connection === null || this.writer === '') {
        this.renew(true);
        return this.offer();
      }
      if (connection.signalingState !== 'stable') return this.repeat();
      connection.restartIce();
      return this.offer();
    });
  }

  /** Signals may have been lost meanwhile, ours or theirs: an offer without an answer is made once more. */
  resume(): Promise<void> {
    return this.queue(() => this.repeat());
  }

  /** The same connection, agreed on once more; where an offer is under way, what is stale is offered after its answer. */
  renegotiate(): Promise<void> {
    return this.queue(async () => {
      if (this.connection?.signalingState === 'stable' && this.writer !== '') await this.offer();
    });
  }

  take(signal: { description?: Description; candidate?: Candidate | null }): Promise<void> {
    return this.queue(async () => {
      if (signal.description !== undefined) await this.described(signal.description);
      else if (signal.candidate !== undefined) await this.found(signal.candidate);
    });
  }

  /** A candidate of our own connection; those of one that was given up are of no use to anybody. */
  gathered(of: C, candidate: Candidate | null): void {
    if (of === this.connection && !this.closed) this.host.send({ candidate });
  }

  close(): void {
    this.closed = true;
    this.connection?.close();
    this.connection = null;
  }

  /** One thing at a time: descriptions are not to overtake each other. */
  private queue(work: () => Promise<void>): Promise<void> {
    if (this.waiting >= WAITING) {
      this.faults += 1;
      return Promise.resolve();
    }
    this.waiting += 1;
    this.tasks = this.tasks
      .then(() => (this.closed ? undefined : work()))
      .catch(() => {
        // What a peer sends may be anything; whoever watches the connection starts it anew.
        this.faults += 1;
      })
      .then(() => {
        this.waiting -= 1;
      });
    return this.tasks;
  }

  private renew(offering: boolean): C {
    this.connection?.close();
    this.writer = '';
    // What came before the offer they belong to is kept for it.
    if (offering) this.early = [];
    this.connection = this.host.open();
    return this.connection;
  }

  private async offer(): Promise<void> {
    const { connection } = this;
    if (connection === null) return;
    this.host.offering(connection);
    this.offering = true;
    try {
      await connection.setLocalDescription();
    } finally {
      this.offering = false;
    }
    this.tell(connection);
  }

  private async repeat(): Promise<void> {
    if (this.connection?.signalingState === 'have-local-offer') this.tell(this.connection);
    return Promise.resolve();
  }

  private tell(connection: C): void {
    const description = connection.localDescription;
    if (description === null || connection !== this.connection || this.closed) return;
    this.host.send({ description: { type: description.type as Description['type'], sdp: description.sdp } });
  }

  private async described(description: Description): Promise<void> {
    if (description.type === 'offer') return this.offered(description);
    if (description.type === 'answer') return this.answered(description);
    // Nobody of ours rolls back by frame: a collision is settled by who is polite.
    this.faults += 1;
  }

  private async offered(description: Description): Promise<void> {
    const writer = writerOf(description.sdp);
    let { connection } = this;
    if (connection === null || (this.writer !== '' && this.writer !== writer)) {
      // They are here for the first time, or again with nothing of before: a page that was loaded anew.
      connection = this.renew(false);
    } else if (this.offering || connection.signalingState !== 'stable') {
      // Of a restart that both began, ours may have been lost on its way: whoever has it twice answers twice, and the second answer changes nothing.
      if (!this.polite) return this.offering || this.writer === '' ? undefined : this.repeat();
      // Of a first offer nothing is agreed on, so that a fresh connection yields better than a rollback: the places of the tracks are theirs then.
      if (this.writer === '') connection = this.renew(false);
    }
    await connection.setRemoteDescription(description);
    this.writer = writer;
    await this.addEarly(connection);
    await this.host.answering(connection);
    await connection.setLocalDescription();
    this.tell(connection);
    await this.settle(connection);
  }

  private async answered(description: Description): Promise<void> {
    const { connection } = this;
    if (connection === null) return;
    const writer = writerOf(description.sdp);
    const foreign = this.writer !== '' && this.writer !== writer;
    if (foreign) {
      // It answers a connection that is not the one we have: both begin anew.
      this.renew(true);
      return this.offer();
    }
    if (connection.signalingState !== 'have-local-offer') return;
    await connection.setRemoteDescription(description);
    this.writer = writer;
    await this.addEarly(connection);
    await this.settle(connection);
  }

  /** What changed while descriptions were under way is offered now. */
  private async settle(connection: C): Promise<void> {
    if (connection === this.connection && connection.signalingState === 'stable' && connection.stale) await this.offer();
  }

  private async found(candidate: Candidate | null): Promise<void> {
    const { connection } = this;
    if (connection === null || this.writer === '') {
      if (this.early.length < EARLY) this.early.push(candidate);
      return;
    }
    await this.add(connection, candidate);
  }

  private async addEarly(connection: C): Promise<void> {
    const { early } = this;
    this.early = [];
    for (const candidate of early) await this.add(connection, candidate);
  }

  private async add(connection: C, candidate: Candidate | null): Promise<void> {
    try {
      await connection.addIceCandidate(candidate);
    } catch {
      // It belongs to an offer that was passed over, or to a connection of before.
    }
  }
}
