/** What a moderator does from inside the chat. Every rejection is an ApiError, for a form to show. */

import { ApiError } from '../lib/api';
import type { RealtimeSocket } from '../lib/socket';

export class Moderation {
  constructor(
    private readonly socket: RealtimeSocket,
    private readonly room: string,
  ) {}

  timeout(account: string, seconds: number, reason = ''): Promise<void> {
    return this.command(`/timeout ${account} ${seconds}s ${reason}`);
  }

  ban(account: string, reason = ''): Promise<void> {
    return this.command(`/ban ${account} ${reason}`);
  }

  warn(account: string, reason: string): Promise<void> {
    return this.command(`/warn ${account} ${reason}`);
  }

  purge(account: string): Promise<void> {
    return this.command(`/purge ${account}`);
  }

  pin(message: string): Promise<void> {
    return this.command(`/pin ${message}`);
  }

  unpin(): Promise<void> {
    return this.command('/unpin');
  }

  private command(text: string): Promise<void> {
    return new Promise((done, failed) => {
      this.socket.ask({ type: 'send', room: this.room, text: text.trim() }, (answer) => {
        if (answer.type === 'refused') failed(new ApiError(409, answer.code, answer.detail, answer.retry_after));
        else done();
      });
    });
  }
}
