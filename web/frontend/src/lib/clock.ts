/** The server's clock, as far as round trips let us know it. */

export interface Sample {
  sentMs: number;
  receivedMs: number;
  serverMs: number;
}

/** Offset to add to our clock, and how far it may be off, from the round trip that was quickest. */
export function offsetOf(samples: readonly Sample[]): { offsetMs: number; errorMs: number } | null {
  let best: { offsetMs: number; errorMs: number } | null = null;
  for (const { sentMs, receivedMs, serverMs } of samples) {
    const errorMs = (receivedMs - sentMs) / 2;
    if (errorMs < 0) continue;
    if (best === null || errorMs < best.errorMs) best = { offsetMs: serverMs - (sentMs + receivedMs) / 2, errorMs };
  }
  return best;
}

const SAMPLES = 5;
const AGAIN_MS = 120_000;

/** Keeps an estimate of the server's clock; `now()` is null until there is one. Ours may step, so it rests on performance.now(). */
export class ServerClock {
  private offset: { offsetMs: number; errorMs: number } | null = null;
  private timer = 0;

  get errorMs(): number {
    return this.offset?.errorMs ?? 0;
  }

  now(): number | null {
    return this.offset === null ? null : monotonicMs() + this.offset.offsetMs;
  }

  start(): void {
    void this.measure();
    this.timer = window.setInterval(() => void this.measure(), AGAIN_MS);
  }

  stop(): void {
    window.clearInterval(this.timer);
  }

  private async measure(): Promise<void> {
    const samples: Sample[] = [];
    for (let i = 0; i < SAMPLES; i += 1) {
      try {
        const sentMs = monotonicMs();
        const response = await fetch('/api/v1/time', { cache: 'no-store', signal: AbortSignal.timeout(3000) });
        const receivedMs = monotonicMs();
        const { unix_ms: serverMs } = (await response.json()) as { unix_ms: number };
        samples.push({ sentMs, receivedMs, serverMs });
      } catch {
        // The next round is in two minutes; until then the old estimate holds.
      }
    }
    const found = offsetOf(samples);
    if (found !== null) this.offset = found;
    else if (this.offset === null) window.setTimeout(() => void this.measure(), 2000);
  }
}

function monotonicMs(): number {
  return performance.timeOrigin + performance.now();
}
