/** One channel's chat on this page: the room, the channel's emotes and commands, and what we did in it. Tells its host when to draw. */

import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Author } from '../lib/frames';
import { rest, type ChatCommand } from '../lib/rest';
import { Room, type Watcher } from '../lib/room';
import type { RealtimeSocket } from '../lib/socket';
import { isMessage, type MessageEntry } from '../lib/timeline';
import { realtime } from './connection';
import { Moderation } from './moderation';
import type { RowContext } from './row';

const PEOPLE = 60;
const AGAIN_MS = 5000;

export class ChatSession implements ReactiveController {
  readonly socket: RealtimeSocket = realtime();
  readonly room: Room;
  readonly moderation: Moderation;
  emotes: ReadonlyMap<string, string> = new Map();
  commands: readonly ChatCommand[] = [];
  /** When slow mode lets us write again, by performance.now(). */
  slowUntil = 0;
  mention: Author | null = null;
  /** Draws what a link leads to; null until that is loaded, which most rooms never need. */
  preview: RowContext['preview'] = null;

  private unlisten: () => void = () => undefined;
  private frame = 0;
  private emotesKnown = -1;
  private previewsAsked = false;
  private commandsFor = '';

  constructor(
    private readonly host: ReactiveControllerHost,
    readonly channel: string,
    token: () => string,
    watcher: Watcher | null,
  ) {
    this.room = new Room(channel, this.socket, () => this.changed(), () => performance.now(), token);
    this.room.watcher = watcher;
    this.moderation = new Moderation(channel);
    host.addController(this);
  }

  hostConnected(): void {
    this.unlisten = this.socket.listen((frame) => {
      if (frame?.type === 'mentioned') this.mention = frame.message.author;
      this.changed();
    });
    this.room.enter();
    this.socket.start();
  }

  hostDisconnected(): void {
    this.unlisten();
    this.room.leave();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  get me(): string {
    return this.socket.account?.name ?? '';
  }

  get author(): Author | null {
    const { account } = this.socket;
    return account === null ? null : { name: account.name, shown: account.shown, colour: account.colour, badges: this.room.you.badges };
  }

  /** Who wrote last, then who else is here; for completion. */
  get people(): string[] {
    const found = new Set<string>();
    for (let i = this.room.timeline.entries.length - 1; i >= 0 && found.size < PEOPLE; i -= 1) {
      const entry = this.room.timeline.entries[i];
      if (entry && isMessage(entry) && entry.message.author.name !== this.me) found.add(entry.message.author.name);
    }
    for (const name of this.room.present.names ?? []) if (name !== this.me) found.add(name);
    return [...found];
  }

  get lastOwn(): MessageEntry | null {
    return this.room.timeline.entries.findLast((entry): entry is MessageEntry => isMessage(entry) && entry.message.author.name === this.me && !entry.gone) ?? null;
  }

  say(text: string, reply: MessageEntry | null, media: number): void {
    const quoted = reply ? { id: reply.key, name: reply.message.author.name, shown: reply.message.author.shown, text: reply.message.text } : null;
    this.room.send(text, quoted, media);
    const slow = this.room.modes.slow_seconds;
    const spared = this.room.you.may.includes('moderate') || this.room.you.badges.includes('vip');
    if (slow > 0 && !spared && !text.startsWith('/')) this.slowUntil = performance.now() + slow * 1000;
  }

  /** Drawn with the next picture, however much happened until then; a page that is not looked at draws nothing. */
  private changed(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.host.requestUpdate();
    });
    if (this.room.state.kind !== 'joined') return;
    if (this.emotesKnown !== this.room.emotes) this.learnEmotes();
    const rights = `${this.me} ${this.room.you.may.join()}`;
    if (this.me !== '' && this.commandsFor !== rights) this.learnCommands(rights);
  }

  learnPreviews(): void {
    if (this.previewsAsked) return;
    this.previewsAsked = true;
    import('./link-preview').then(
      ({ linkPreview }) => {
        this.preview = (href, host) => linkPreview(this.channel, href, host);
        this.host.requestUpdate();
      },
      () => window.setTimeout(() => (this.previewsAsked = false), AGAIN_MS),
    );
  }

  private learnEmotes(): void {
    const wanted = this.room.emotes;
    this.emotesKnown = wanted;
    rest.emotes.emotes(this.channel).then(
      ({ emotes }) => {
        this.emotes = new Map(emotes.filter((emote) => emote.picture !== '').map((emote) => [emote.name, emote.picture]));
        this.host.requestUpdate();
      },
      () => {
        // Their names are shown until then.
        window.setTimeout(() => {
          if (this.emotesKnown === wanted) this.emotesKnown = -1;
        }, AGAIN_MS);
      },
    );
  }

  private learnCommands(rights: string): void {
    this.commandsFor = rights;
    rest.chat_commands.commands(this.channel).then(
      ({ commands }) => (this.commands = commands),
      () => (this.commands = []),
    );
  }
}
