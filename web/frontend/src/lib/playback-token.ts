/** Playback tokens for channels that are not open to everybody: got when needed and renewed before they run out. */

import { call } from './session';

const EARLY = 0.5;
const RETRY_MS = 5000;

export class PlaybackToken {
  private token = '';
  private channel = '';
  private timer = 0;

  /** The token to send with requests to the edge, or nothing where the channel needs none. */
  get current(): string {
    return this.token;
  }

  /** Gets a token for the channel of a playlist's address and keeps it good; a channel's password is asked for elsewhere. */
  async start(url: string, password = ''): Promise<void> {
    const channel = /\/hls\/([^/]+)\//.exec(url)?.[1] ?? '';
    if (channel === this.channel && this.token !== '') return;
    this.stop();
    this.channel = channel;
    await this.renew(password === '' ? {} : { password });
  }

  stop(): void {
    window.clearTimeout(this.timer);
    this.token = '';
    this.channel = '';
  }

  private async renew(body: { password?: string; renew?: string }): Promise<void> {
    const { channel } = this;
    if (channel === '') return;
    let wait = RETRY_MS;
    try {
      const { token, expires_in } = await call<{ token: string; expires_in: number }>('POST', `/channels/${encodeURIComponent(channel)}/playback-tokens`, body);
      if (channel !== this.channel) return;
      this.token = token;
      wait = expires_in * 1000 * EARLY;
    } catch {
      // Who may not watch gets no token, and the edge says so.
      if (channel !== this.channel) return;
    }
    this.timer = window.setTimeout(() => void this.renew(this.token === '' ? {} : { renew: this.token }), wait);
  }
}
