/** A record that follows the server: an event stream, and plain requests where streams do not get through. */

import { ApiError, request } from './api';

export type FeedState<T> = { kind: 'loading' } | { kind: 'value'; value: T; fresh: boolean } | { kind: 'error'; error: ApiError };

const POLL_MS = 3000;
const SILENCE_MS = 40_000;

export class Feed<T> {
  private source: EventSource | null = null;
  private timer = 0;
  private last: T | null = null;
  private stopped = false;

  constructor(
    private readonly path: string,
    private readonly tell: (state: FeedState<T>) => void,
  ) {}

  start(): void {
    this.stopped = false;
    this.tell({ kind: 'loading' });
    void this.poll();
    document.addEventListener('visibilitychange', this.onVisible);
  }

  /** Ask at once: something of ours changed what the answer is. */
  again(): void {
    void this.poll();
  }

  stop(): void {
    this.stopped = true;
    this.source?.close();
    this.source = null;
    window.clearTimeout(this.timer);
    document.removeEventListener('visibilitychange', this.onVisible);
  }

  /** A hidden tab gives its stream back: a browser opens six connections to a server over HTTP/1.1, and then no page loads any more. */
  private readonly onVisible = (): void => {
    if (document.visibilityState === 'visible') {
      void this.poll();
      return;
    }
    this.source?.close();
    this.source = null;
    this.wait();
  };

  private async poll(): Promise<void> {
    window.clearTimeout(this.timer);
    if (this.stopped) return;
    try {
      const response = await request(this.path, { cache: 'no-store' });
      this.take((await response.json()) as T);
      if (this.source === null && document.visibilityState === 'visible') this.listen();
    } catch (error) {
      this.fail(error instanceof ApiError ? error : new ApiError(0, 'network', String(error)));
    }
    this.wait();
  }

  private wait(): void {
    window.clearTimeout(this.timer);
    if (!this.stopped) this.timer = window.setTimeout(() => void this.poll(), this.healthy ? SILENCE_MS : POLL_MS);
  }

  private get healthy(): boolean {
    return this.source !== null && this.source.readyState !== EventSource.CLOSED;
  }

  private listen(): void {
    if (this.stopped) return;
    const source = new EventSource(`${this.path}/events`);
    this.source = source;
    source.onmessage = (event: MessageEvent<string>) => this.take(JSON.parse(event.data) as T);
    source.onerror = () => {
      // The browser tries again by itself, unless the server refused: then requests have to do.
      if (source.readyState === EventSource.CLOSED) this.source = null;
      window.clearTimeout(this.timer);
      if (!this.stopped) this.timer = window.setTimeout(() => void this.poll(), POLL_MS);
    };
  }

  private take(value: T): void {
    if (this.stopped) return;
    this.last = value;
    this.tell({ kind: 'value', value, fresh: true });
  }

  private fail(error: ApiError): void {
    if (this.stopped) return;
    const lasting = error.status === 404 || error.status === 400;
    if (this.last !== null && !lasting) this.tell({ kind: 'value', value: this.last, fresh: false });
    else this.tell({ kind: 'error', error });
  }
}
