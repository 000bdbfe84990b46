/** One room as this page sees it: entered, followed event by event, resumed after a loss. No number is applied twice, none is left out unnoticed. */

import { Drafts } from './drafts';
import type { Done, Events, Joined, Message, Modes, Poll, Present, Quoted, Refused, Request, RoomEvent, RoomFrame, You } from './frames';
import { Own } from './own';
import { PASSING } from './outgoing';
import type { RealtimeSocket, Tenant } from './socket';
import { Timeline } from './timeline';

export type RoomState =
  | { kind: 'joining' }
  | { kind: 'joined' }
  /** The server does not let us in, or has put us out. */
  | { kind: 'out'; code: string; detail: string };

const NOBODY: You = { may: [], badges: [], muted_until: 0, muted_for: '', warning: '', refused: '' };
const NO_MODES: Modes = {
  slow_seconds: 0,
  followers_minutes: null,
  verified_only: false,
  emote_only: false,
  unique: false,
  members_only: false,
  read_only: false,
  delay_seconds: 0,
  account_age_minutes: 0,
  links: 'everybody',
};
const PAGE = 50;
/** Between two attempts to find our place in the log. Milliseconds. */
const RESYNC_MS = 1000;
const AGAIN_MS = 5000;

type Now = () => number;

/** Somebody who is told of a room's events beside its list: the moderation page. */
export interface Watcher {
  /** Each event once, in order, also those the list does not show. */
  event(event: RoomEvent): void;
  /** Entered without knowing what happened before: read again what you know. */
  fresh(): void;
}

export class Room implements Tenant {
  state: RoomState = { kind: 'joining' };
  you: You = NOBODY;
  modes: Modes = NO_MODES;
  shield = false;
  pinned: Message | null = null;
  poll: Poll | null = null;
  present: Present = { accounts: 0, strangers: 0, names: null };
  /** Small enough that it is told who comes. */
  notices = false;
  /** Grows whenever the channel's emotes changed. */
  emotes = 0;
  /** Older messages are on their way. */
  fetching = false;

  watcher: Watcher | null = null;
  readonly timeline = new Timeline();
  readonly drafts = new Drafts();
  readonly own = new Own();
  /** Whether the team has links looked up. */
  previews = false;

  private epoch = '';
  private seq = 0;
  private joining = false;
  private joinedAt = -Infinity;
  private cancelJoin: () => void = () => undefined;

  constructor(
    readonly name: string,
    private readonly socket: RealtimeSocket,
    /** Something changed; called synchronously, at most once for a frame. */
    private readonly tell: () => void,
    private readonly now: Now = () => performance.now(),
    /** A playback token, where a password opens the channel. */
    private readonly token: () => string = () => '',
  ) {}

  enter(): void {
    this.socket.enter(this);
  }

  leave(): void {
    this.cancelJoin();
    this.socket.ask({ type: 'leave', room: this.name }, () => undefined);
    this.socket.leave(this);
  }

  /** Try again to get in: something changed (signed in, follows now). */
  again(): void {
    this.join();
  }

  // ---- what the server says ----

  online(): void {
    this.join();
  }

  offline(): void {
    this.joining = false;
    this.cancelJoin();
    this.tell();
  }

  frame(frame: RoomFrame): void {
    switch (frame.type) {
      case 'events':
        this.events(frame);
        break;
      case 'presence':
        this.present = frame.present;
        if (this.notices && frame.joined !== undefined && frame.joined.length > 0) this.timeline.note({ what: 'came', names: frame.joined });
        break;
      case 'you':
        this.you = frame.you;
        break;
      case 'left':
        this.state = { kind: 'out', code: frame.code, detail: frame.detail };
        break;
      case 'mentioned':
        return;
    }
    this.tell();
  }

  private join(): void {
    if (this.joining) return;
    this.cancelJoin();
    this.joining = true;
    this.joinedAt = this.now();
    const token = this.token();
    const known = { ...(this.epoch === '' ? {} : { epoch: this.epoch, after: this.seq }), ...(token === '' ? {} : { token }) };
    if (this.state.kind === 'out') this.state = { kind: 'joining' };
    this.socket.ask({ type: 'join', room: this.name, ...known }, (answer) => {
      this.joining = false;
      if (answer.type === 'joined') this.joined(answer);
      else if (answer.type === 'refused') this.notJoined(answer);
      this.tell();
    });
  }

  private joined(frame: Joined): void {
    if (!frame.resumed || frame.epoch !== this.epoch) {
      this.timeline.replace(frame.messages, frame.earlier);
      this.own.forget();
      this.drafts.dropSent();
      if (frame.missed) this.timeline.note({ what: 'missed' });
      this.epoch = frame.epoch;
      this.seq = frame.seq;
      this.watcher?.fresh();
    }
    this.state = { kind: 'joined' };
    this.you = frame.you;
    this.modes = frame.modes;
    this.shield = frame.shield;
    this.pinned = frame.pinned;
    this.poll = frame.poll;
    this.present = frame.present;
    this.notices = frame.notices;
    this.previews = frame.previews;
    this.own.learn(frame.mine);
    if (frame.poll !== null && frame.voted !== null) this.own.choose(frame.poll.id, frame.voted);
  }

  private notJoined(frame: Refused): void {
    if (frame.code === 'offline') return;
    const after = (frame.retry_after ?? 0) * 1000;
    // The server has trouble, or closed the room that very moment: that is no answer.
    const passing = PASSING.has(frame.code) || frame.code === 'not_joined';
    if (!passing) this.state = { kind: 'out', code: frame.code, detail: frame.detail };
    if (passing || after > 0) this.cancelJoin = this.socket.later(Math.max(after, passing ? RESYNC_MS : AGAIN_MS), () => this.join());
  }

  private events(frame: Events): void {
    // While we ask where we are, the answer will tell; and what is known is never told twice.
    if (this.joining || this.state.kind !== 'joined' || frame.seq <= this.seq) return;
    if (frame.after !== this.seq) {
      const wait = this.joinedAt + RESYNC_MS - this.now();
      this.cancelJoin();
      if (wait <= 0) this.join();
      else this.cancelJoin = this.socket.later(wait, () => this.join());
      return;
    }
    const { events, seq } = frame;
    events.forEach((event, index) => this.apply(event, seq - (events.length - 1 - index)));
    this.seq = seq;
  }

  private apply(event: RoomEvent, seq: number): void {
    const { timeline } = this;
    this.watcher?.event(event);
    switch (event.kind) {
      case 'message':
        this.drafts.appeared(event.message, event.message.author.name === this.socket.account?.name);
        return timeline.add(event.message, seq);
      case 'edited':
        return timeline.edit(event.id, event.text, event.mentions ?? []);
      case 'deleted':
        for (const id of event.ids) if (this.pinned?.id === id) this.pinned = null;
        return timeline.remove((message) => event.ids.includes(message.id), event.by_team ?? false);
      case 'purged':
        return timeline.remove((message) => message.author.name === event.name, true);
      case 'restored':
        return timeline.restore(event.messages);
      case 'cleared':
        return timeline.clear();
      case 'reactions':
        return timeline.react(event.id, event.reactions);
      case 'modes':
        this.modes = event.modes;
        this.shield = event.shield ?? false;
        return;
      case 'pinned':
        this.pinned = event.message;
        return;
      case 'poll':
        this.poll = event.poll;
        return;
      case 'emotes':
        this.emotes += 1;
        return;
      case 'restricted':
        if (this.you.may.includes('moderate')) timeline.note({ what: 'restricted', name: event.name, until: event.until ?? 0 });
        return;
      default:
        // Newer servers tell of more; the moderation page listens to the rest.
        return;
    }
  }

  // ---- what we want ----

  /** Writes a message or a command; a draft stands for it until the room tells of it. */
  send(text: string, reply: Quoted | null = null, media = 0): string {
    const id = this.socket.newId();
    this.drafts.add(id, text, reply, Math.round(media));
    this.post(id);
    return id;
  }

  /** Sends a refused draft once more: the same message, should it have been taken after all. */
  retry(id: string): void {
    if (this.drafts.find(id)?.state !== 'failed') return;
    this.drafts.sendingAgain(id);
    this.post(id);
  }

  discard(id: string): void {
    this.socket.withdraw(id);
    this.drafts.drop(id);
    this.tell();
  }

  edit(message: string, text: string, refused: (why: Refused) => void): void {
    this.request({ type: 'edit', room: this.name, message, text }, refused);
  }

  delete(message: string, refused: (why: Refused) => void): void {
    this.request({ type: 'delete', room: this.name, message }, refused);
  }

  /** Puts a reaction of ours on a message, or takes it off. */
  react(message: string, reaction: string): void {
    const on = !this.own.has(message, reaction);
    this.own.react(message, reaction, on);
    this.request({ type: 'react', room: this.name, message, reaction, on }, () => this.own.react(message, reaction, !on));
    this.tell();
  }

  vote(poll: string, option: number): void {
    const before = this.own.vote(poll);
    this.own.choose(poll, option);
    this.request({ type: 'vote', room: this.name, poll, option }, () => this.own.choose(poll, before));
    this.tell();
  }

  acknowledge(refused: (why: Refused) => void): void {
    this.request({ type: 'acknowledge', room: this.name }, refused);
  }

  /** Fetches what was before. */
  older(): void {
    const before = this.timeline.oldest ?? this.seq + 1;
    if (this.fetching || !this.timeline.earlier || this.state.kind !== 'joined') return;
    this.fetching = true;
    this.socket.ask({ type: 'history', room: this.name, before, limit: this.timeline.entries.length === 0 ? 2 * PAGE : PAGE }, (answer) => {
      this.fetching = false;
      if (answer.type === 'history') {
        this.timeline.prepend(answer.messages, answer.earlier);
        this.own.learn(answer.mine);
      }
      this.tell();
    });
    this.tell();
  }

  /** Somebody reads back, or is at the newest again. */
  hold(holding: boolean): void {
    if (this.timeline.hold(holding)) this.older();
  }

  private request(request: Request, refused: (why: Refused) => void): void {
    this.socket.ask(request, (answer) => {
      if (answer.type === 'refused') refused(answer);
      this.tell();
    });
  }

  private post(id: string): void {
    const draft = this.drafts.find(id);
    if (draft === undefined) return;
    const { text, reply, media } = draft;
    const request: Request = { type: 'send', room: this.name, text, ...(reply ? { reply: reply.id } : {}), ...(media > 0 ? { media } : {}) };
    this.socket.ask(
      request,
      (answer) => {
        if (answer.type === 'done') this.sent(id, answer);
        else if (answer.type === 'refused') this.drafts.refused(id, answer, this.now());
        this.tell();
      },
      id,
    );
    this.tell();
  }

  private sent(id: string, frame: Done): void {
    this.drafts.done(id, frame, frame.message !== undefined && this.timeline.find(frame.message) !== null);
    if (frame.text) this.timeline.note({ what: 'answer', text: frame.text });
  }
}
