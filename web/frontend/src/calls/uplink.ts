/** Whether the way up carries pictures: they are given up when it does not for a while, and tried again later and later. Pure. */

export interface Reading {
  /** Milliseconds. */
  at: number;
  /** What can be sent in bits a second to all together, null while nobody knows. */
  available: number | null;
  /** Of what is sent, the share that was lost in the worst direction, 0 to 1. */
  lost: number;
  others: number;
  /** Something of ours is a picture at this moment, or would be. */
  pictures: boolean;
}

/** The least a picture and the sound beside it need, to one of the others. Bits a second. */
const NEEDED = 90_000;
const LOST = 0.2;
/** So much more bad time than good gives pictures up: one good look among bad ones forgives only itself. */
const GIVES_UP_MS = 6_000;
/** A look counts for no more than this, however long ago the one before was. */
const LONGEST_LOOK_MS = 5_000;
const TRIES_AGAIN_MS = 20_000;
const LONGEST_MS = 160_000;
/** Pictures that lasted so long were no mistake: the next pause is short again. */
const LASTED_MS = 60_000;

export class Uplink {
  audioOnly = false;
  private bad = 0;
  private lastAt: number | null = null;
  private lostAt = -Infinity;
  private since = 0;
  private pause = TRIES_AGAIN_MS;

  /** Takes a look at the way up; whether `audioOnly` changed. */
  take(reading: Reading): boolean {
    const passed = Math.min(LONGEST_LOOK_MS, reading.at - (this.lastAt ?? reading.at));
    this.lastAt = reading.at;
    return this.audioOnly ? this.maybeBack(reading) : this.maybeOff(reading, passed);
  }

  /** The person wants pictures, whatever we think of the connection. */
  insist(at: number): void {
    this.change(false, at);
    this.pause = TRIES_AGAIN_MS;
  }

  private maybeOff({ at, available, lost, others, pictures }: Reading, passed: number): boolean {
    const isBad = pictures && others > 0 && ((available !== null && available < NEEDED * others) || lost >= LOST);
    this.bad = Math.max(0, this.bad + (isBad ? passed : -passed));
    if (this.bad === 0 && at - this.since > LASTED_MS) this.pause = TRIES_AGAIN_MS;
    if (!isBad || this.bad < GIVES_UP_MS) return false;
    this.change(true, at);
    return true;
  }

  /** Sound alone says little of what else would fit: after a pause without losses pictures are tried. */
  private maybeBack({ at, lost }: Reading): boolean {
    if (lost >= LOST / 4) this.lostAt = at;
    if (at - Math.max(this.since, this.lostAt) < this.pause) return false;
    this.pause = Math.min(LONGEST_MS, this.pause * 2);
    this.change(false, at);
    return true;
  }

  private change(audioOnly: boolean, at: number): void {
    this.audioOnly = audioOnly;
    this.since = at;
    this.bad = 0;
    this.lostAt = -Infinity;
  }
}
