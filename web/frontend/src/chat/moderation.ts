/** What a moderator does from inside the chat, by REST. Resolves to the line of the moderation log that can be undone; rejects with an ApiError. */

import { rest } from '../lib/rest';

export type Line = string | null;

export class Moderation {
  constructor(private readonly channel: string) {}

  async delete(message: string): Promise<Line> {
    return (await rest.chat_deletions.delete(this.channel, message)).line;
  }

  async purge(account: string, reason = ''): Promise<Line> {
    return (await rest.chat_deletions.purge(this.channel, { author: account, reason })).line;
  }

  async timeout(account: string, seconds: number, reason = ''): Promise<Line> {
    return (await rest.chat_restrictions.mute(this.channel, account, { seconds, reason })).line;
  }

  async warn(account: string, reason: string): Promise<Line> {
    return (await rest.chat_restrictions.warn(this.channel, account, { reason })).line;
  }

  async ban(account: string, reason = ''): Promise<Line> {
    return (await rest.roles.ban(this.channel, account, { reason })).line;
  }

  async unban(account: string): Promise<Line> {
    return (await rest.roles.lift(this.channel, account)).line;
  }

  async pin(message: string): Promise<Line> {
    return (await rest.chat_pins.pin(this.channel, message)).line;
  }

  async unpin(): Promise<Line> {
    return (await rest.chat_pins.unpin(this.channel)).line;
  }

  async undo(line: string): Promise<void> {
    await rest.chat_log.undo(this.channel, line);
  }
}
