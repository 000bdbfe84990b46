/** Lets whoever may watch a channel in: knows the door, and gets and keeps the token where one is needed. */

import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Channel } from '../lib/rest';
import { doorOf, PlaybackToken, type Door } from '../lib/playback-token';
import { session } from '../lib/session';

export class Admission implements ReactiveController {
  private readonly token: PlaybackToken;
  private signedIn = false;
  private asking = false;

  constructor(
    private readonly host: ReactiveControllerHost,
    name: string,
  ) {
    this.token = new PlaybackToken(name, () => host.requestUpdate());
    host.addController(this);
  }

  readonly bearer = (): string => this.token.bearer;
  readonly open = (password: string): Promise<void> => this.token.ask(password);

  hostConnected(): void {
    void session().then((found) => {
      this.signedIn = found.account !== null;
      this.host.requestUpdate();
    });
  }

  hostDisconnected(): void {
    this.token.drop();
  }

  door(channel: Channel): Door {
    return doorOf(channel, this.signedIn, this.token.bearer);
  }

  /** Whoever may watch gets the token without asking; while the server is away, the next word of it is the next try. */
  admit(channel: Channel): void {
    if (this.door(channel) !== 'waiting' || this.asking) return;
    this.asking = true;
    this.token
      .ask()
      .catch(() => undefined)
      .finally(() => (this.asking = false));
  }
}
