/** Who speaks, of levels that jump: a ring comes at once and stays a moment, and the one who speaks longest leads. Pure. */

/** Of full scale. */
const SPEAKS = 0.02;
const STAYS_MS = 600;
/** Somebody else leads only after speaking so long: a cough does not. */
const LEADS_MS = 1_200;

export class Speakers {
  /** Who is heard now. */
  speaking: ReadonlySet<string> = new Set();
  /** Who spoke last for a while, or empty. */
  leading = '';
  private readonly heard = new Map<string, { first: number; last: number }>();

  /** Takes everybody's level (0 to 1) at a moment in milliseconds; whether anything changed. */
  take(levels: ReadonlyMap<string, number>, at: number): boolean {
    for (const [who, level] of levels) {
      if (level < SPEAKS) continue;
      const known = this.heard.get(who);
      this.heard.set(who, { first: known !== undefined && at - known.last <= STAYS_MS ? known.first : at, last: at });
    }
    for (const who of [...this.heard.keys()]) if (!levels.has(who)) this.heard.delete(who);
    const now = new Set([...this.heard].filter(([, { last }]) => at - last <= STAYS_MS).map(([who]) => who));
    const lead = this.lead(now, at);
    const changed = lead !== this.leading || now.size !== this.speaking.size || [...now].some((who) => !this.speaking.has(who));
    this.speaking = now;
    this.leading = lead;
    return changed;
  }

  private lead(now: ReadonlySet<string>, at: number): string {
    if (now.has(this.leading)) return this.leading;
    let longest = '';
    for (const who of now) {
      const first = this.heard.get(who)?.first ?? at;
      if (at - first >= LEADS_MS && first < (this.heard.get(longest)?.first ?? Infinity)) longest = who;
    }
    if (longest !== '') return longest;
    return this.heard.has(this.leading) ? this.leading : '';
  }
}
