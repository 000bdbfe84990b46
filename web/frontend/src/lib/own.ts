/** What our account did to a room's messages and polls: shown at once, taken back where the server refuses it. */

export class Own {
  /** `message reaction` of what we reacted with; another set whenever something in it changed. */
  reacted: ReadonlySet<string> = new Set();
  private readonly votes = new Map<string, number>();

  /** Nothing is known: the room was entered anew, perhaps by somebody else. */
  forget(): void {
    this.reacted = new Set();
    this.votes.clear();
  }

  /** What the server says of messages it just told, by their ids. */
  learn(mine: Readonly<Record<string, readonly string[]>>): void {
    const told = Object.entries(mine).flatMap(([message, reactions]) => reactions.map((reaction) => `${message} ${reaction}`));
    if (told.length > 0) this.reacted = new Set([...this.reacted, ...told]);
  }

  /** A message's reaction is put on or taken off. */
  react(message: string, reaction: string, on: boolean): void {
    const key = `${message} ${reaction}`;
    const without = [...this.reacted].filter((one) => one !== key);
    this.reacted = new Set(on ? [...without, key] : without);
  }

  has(message: string, reaction: string): boolean {
    return this.reacted.has(`${message} ${reaction}`);
  }

  /** The option we chose, -1 for none. */
  vote(poll: string): number {
    return this.votes.get(poll) ?? -1;
  }

  choose(poll: string, option: number): void {
    this.votes.set(poll, option);
  }
}
