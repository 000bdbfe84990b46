/** The commands somebody may use in a room, as the server lists them. */

import { call } from '../lib/session';

export interface Command {
  name: string;
  usage: string;
  summary: string;
}

/** None where the server does not tell: then nothing is completed, and everything still works. */
export async function commandsOf(channel: string): Promise<readonly Command[]> {
  return (await call<{ commands: Command[] }>('GET', `/channels/${encodeURIComponent(channel)}/chat/commands`)).commands;
}
