/** Growing pauses between attempts, with a spread so that many clients do not come back at the same moment. */
export class Backoff {
  private attempt = 0;

  constructor(
    private readonly firstMs: number,
    private readonly longestMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  next(): number {
    const pause = Math.min(this.longestMs, this.firstMs * 2 ** this.attempt);
    this.attempt += 1;
    return pause * (0.75 + this.random() * 0.5);
  }

  reset(): void {
    this.attempt = 0;
  }
}
