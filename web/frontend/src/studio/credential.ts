/** How the studio proves that it may publish: as somebody who is signed in, or with a pasted stream key. */

import { rest } from '../lib/rest';

export interface Credential {
  /** A bearer token for WHIP, good for now. */
  publish(): Promise<string>;
  /** Headers for reading the session's numbers. */
  readonly reading: Record<string, string>;
}

export class KeyCredential implements Credential {
  readonly reading: Record<string, string>;

  constructor(private readonly key: string) {
    this.reading = { Authorization: `Bearer ${key}` };
  }

  publish(): Promise<string> {
    return Promise.resolve(this.key);
  }
}

const EARLY_MS = 30_000;

/** Asks for a short-lived publish token whenever the last one is about to run out. */
export class SessionCredential implements Credential {
  readonly reading = {};
  private token = '';
  private goodUntil = 0;

  constructor(private readonly channel: string) {}

  async publish(): Promise<string> {
    if (Date.now() > this.goodUntil - EARLY_MS) {
      const { token, expires_in } = await rest.playback.publish_token(this.channel, {});
      this.token = token;
      this.goodUntil = Date.now() + expires_in * 1000;
    }
    return this.token;
  }
}
