/** The token that opens a channel which is not open to everyone: asked for, and renewed before it runs out, while somebody watches. */

import type { ApiError } from './api';
import { rest, type Channel, type PlaybackRequest } from './rest';
import { asApiError } from './session';

export type Door = 'open' | 'waiting' | 'granted' | 'sign-in' | 'follow' | 'password' | 'refused';

const OPEN = new Set(['public', 'unlisted']);
const AGAIN_MS = 3000;

/** What stands between a viewer and a channel. `granted` is that a token is at hand. */
export function doorOf(channel: Pick<Channel, 'visibility' | 'can'>, signedIn: boolean, token: string): Door {
  if (OPEN.has(channel.visibility)) return 'open';
  if (token !== '') return 'granted';
  if (channel.can.includes('watch')) return 'waiting';
  if (channel.visibility === 'password') return 'password';
  if (!signedIn) return 'sign-in';
  return channel.visibility === 'followers' && channel.can.includes('follow') ? 'follow' : 'refused';
}

export class PlaybackToken {
  private token = '';
  private timer = 0;

  constructor(
    private readonly name: string,
    private readonly changed: () => void,
  ) {}

  get bearer(): string {
    return this.token;
  }

  /** Ask for one, with the channel's password where it has one. Throws an ApiError. */
  async ask(password = ''): Promise<void> {
    await this.take(password === '' ? {} : { password });
  }

  /** Nobody watches any more. */
  drop(): void {
    window.clearTimeout(this.timer);
    this.token = '';
  }

  private async take(body: PlaybackRequest): Promise<void> {
    window.clearTimeout(this.timer);
    const issued = await rest.playback.playback_token(this.name, body);
    this.token = issued.token;
    // In half its life, so that a server that is away for a moment stops nobody.
    this.timer = window.setTimeout(() => void this.renew(), (issued.expires_in * 1000) / 2);
    this.changed();
  }

  private async renew(): Promise<void> {
    try {
      await this.take({ renew: this.token });
    } catch (error) {
      const problem: ApiError = asApiError(error);
      if (problem.status === 0 || problem.status === 429 || problem.status >= 500) this.timer = window.setTimeout(() => void this.renew(), AGAIN_MS);
      else {
        this.token = '';
        this.changed();
      }
    }
  }
}
