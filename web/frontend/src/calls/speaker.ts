/** Who speaks, of moments: a ring comes at once and stays a moment, and the one who speaks longest leads. Pure. */

const STAYS_MS = 600;
/** Somebody else leads only after speaking so long: a cough does not. */
const LEADS_MS = 1_200;

export class Speakers {
  /** Who is heard now. */
  speaking: ReadonlySet<string> = new Set();
  /** Who spoke last for a while, or empty. */
  leading = '';
  private readonly heard = new Map<string, { first: number; last: number }>();

  /** Takes who is heard at a moment in milliseconds, of everybody there; whether anything changed. */
  take(speaks: ReadonlyMap<string, boolean>, at: number): boolean {
    for (const [who, heard] of speaks) {
      if (!heard) continue;
      const known = this.heard.get(who);
      this.heard.set(who, { first: known !== undefined && at - known.last <= STAYS_MS ? known.first : at, last: at });
    }
    for (const who of [...this.heard.keys()]) if (!speaks.has(who)) this.heard.delete(who);
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
