/** When a connection to one of the others is helped: an ICE restart where the way is lost, a new connection where that does not help. Pure; the clock is handed in. */

export type Help = 'restart' | 'begin';

/** A way that is lost for a moment often comes back by itself. Milliseconds. */
const LOST_MS = 2_000;
/** Also of silence a few packets of sound come each second. Where none came for so long the way is lost, which the browser says four seconds later. */
const QUIET_MS = 1_500;
const QUIET_POLITE_MS = 1_000;
/** A restart for quiet has so long to help. */
const QUIET_AGAIN_MS = 10_000;
/** So long a connection may take; the polite one waits longer, so that not both begin anew. */
const CONNECTING_MS = 8_000;
const POLITE_MS = 4_000;
const LONGEST_MS = 30_000;

export class Watch {
  private state: 'connecting' | 'connected' | 'lost' = 'connecting';
  private tries = 0;
  /** Signals get through to the other. */
  private reachable = true;
  /** The network is another since nothing gets through to them. */
  private moved = false;
  /** When sound of theirs came last; null while none is expected. */
  private sound: number | null = null;
  private restarted = -Infinity;

  constructor(
    private readonly polite: boolean,
    private since: number,
  ) {}

  get connected(): boolean {
    return this.state === 'connected';
  }

  /** The connection's state changed, in the words of RTCPeerConnection. */
  changed(state: string, now: number): Help | null {
    switch (state) {
      case 'connected':
        this.state = 'connected';
        this.tries = 0;
        return null;
      case 'disconnected':
      case 'failed':
        if (this.state === 'connected') {
          this.state = 'lost';
          this.since = now;
        }
        return state === 'failed' && this.reachable ? this.help(now) : null;
      default:
        // The other began anew, or there is an answer and ways are tried: on a busy machine that takes its time, and to begin anew would take more.
        if (this.state === 'connected' || state === 'connecting') this.since = now;
        if (this.state === 'connected') this.state = 'connecting';
        if (state === 'new') this.sound = null;
        return null;
    }
  }

  /** While signals do not get through nothing helps, and nothing is tried. */
  reaches(reachable: boolean, now: number): void {
    if (reachable && !this.reachable && this.state !== 'connected') this.since = now;
    this.reachable = reachable;
  }

  /** An offer of theirs was answered: where it restarts what was connected, that has its time, too. */
  restartedByThem(now: number): void {
    if (!this.connected) return;
    this.restarted = now;
    this.sound = null;
  }

  /** Asked now and then; `sound` is when some of theirs came last, null where that is not known. */
  tick(now: number, sound: number | null = null): Help | null {
    if (sound !== null && now - sound < QUIET_MS) this.sound = sound;
    if (!this.reachable) return null;
    if (this.moved) return this.networkChanged(now);
    if (this.state === 'connected') return this.quiet(now) ? 'restart' : null;
    return now - this.since >= this.patience ? this.help(now) : null;
  }

  /** This machine is on another network: what looks connected may not be so any more. */
  networkChanged(now: number): Help | null {
    this.moved = !this.reachable;
    if (this.moved) return null;
    this.since = now;
    this.tries = Math.max(1, this.tries);
    return 'restart';
  }

  /** Whether sound that came stands still. Told once; then it has to come again, or the browser to say that the way is lost. */
  private quiet(now: number): boolean {
    if (this.sound === null || now - this.sound < QUIET_MS + (this.polite ? QUIET_POLITE_MS : 0) || now - this.restarted < QUIET_AGAIN_MS) return false;
    this.restarted = now;
    this.sound = null;
    return true;
  }

  private get patience(): number {
    const extra = this.polite ? POLITE_MS : 0;
    if (this.state === 'lost' && this.tries === 0) return LOST_MS + extra / 8;
    return Math.min(LONGEST_MS, CONNECTING_MS * 2 ** Math.max(0, this.tries - 1)) + extra;
  }

  private help(now: number): Help {
    this.since = now;
    this.tries += 1;
    return this.state === 'lost' && this.tries === 1 ? 'restart' : 'begin';
  }
}
