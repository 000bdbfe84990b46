/** The frames of the realtime socket, as docs/realtime-protocol.md describes them. Unknown kinds and fields are passed over. */

import type { CallFrame, CallRequest, RelaysAnswer, Seated } from './call-frames';

export type Badge = 'operator' | 'owner' | 'moderator' | 'vip' | 'new';

export interface Author {
  name: string;
  shown: string;
  colour: string;
  badges?: Badge[];
  avatar?: string;
}

export interface Quoted {
  id: string;
  name: string;
  shown: string;
  text: string;
}

/** `at` is the server's clock when it became visible, `media` the capture time of the picture its author saw; Unix milliseconds. */
export interface Message {
  id: string;
  at: number;
  author: Author;
  text: string;
  kind?: 'text' | 'action' | 'announcement';
  media?: number;
  mentions?: string[];
  reply?: Quoted;
  edited?: boolean;
  reactions?: Record<string, number>;
}

export interface Numbered {
  seq: number;
  message: Message;
}

export interface Modes {
  slow_seconds: number;
  followers_minutes: number | null;
  verified_only: boolean;
  emote_only: boolean;
  unique: boolean;
  members_only: boolean;
  read_only: boolean;
  delay_seconds: number;
  account_age_minutes: number;
  links: 'everybody' | 'regulars' | 'moderators' | 'nobody';
}

export type Data = Record<string, string | number | boolean | null>;
export type Category = 'harassment' | 'hate' | 'profanity' | 'sexual' | 'spam';

export interface Automod {
  levels: Partial<Record<Category, number>>;
  capitals_percent: number;
  symbols_percent: number;
  repeats: number;
  marks: number;
  mentions: number;
}

/** Everything a channel's team sets; only its own sockets are told. */
export interface Settings {
  modes: Modes;
  shield: boolean;
  shield_until_ms: number | null;
  shield_modes: Modes;
  automod: Automod;
  allowed_hosts: string[];
  raid: { joins: number; minutes: number };
  join_notices: boolean;
  previews: boolean;
  anonymous_readers: boolean;
}

export interface Poll {
  id: string;
  question: string;
  options: string[];
  votes: number[];
  ends_at: number;
  closed: boolean;
}

export interface Present {
  accounts: number;
  strangers: number;
  names: string[] | null;
}

/** What we are in a room. `refused` is the code of why we can't write now, or empty. */
export interface You {
  may: ('write' | 'moderate' | 'manage')[];
  badges: Badge[];
  muted_until: number;
  muted_for: string;
  warning: string;
  refused: string;
}

export interface Self {
  name: string;
  shown: string;
  colour: string;
  avatar?: string;
}

export type RoomEvent =
  | { kind: 'message'; message: Message }
  | { kind: 'edited'; id: string; text: string; mentions?: string[] }
  | { kind: 'deleted'; ids: string[]; by_team?: boolean }
  | { kind: 'purged'; name: string }
  | { kind: 'restored'; messages: Message[] }
  | { kind: 'cleared' }
  | { kind: 'reactions'; id: string; reactions: Record<string, number> }
  | { kind: 'modes'; modes: Modes; shield?: boolean }
  | { kind: 'pinned'; message: Message | null }
  | { kind: 'poll'; poll: Poll | null }
  | { kind: 'emotes' }
  | { kind: 'restricted'; name: string; until?: number }
  | { kind: 'standing'; name: string }
  | { kind: 'held'; message: Message; why: string[] }
  | { kind: 'decided'; id: string; let_through: boolean; by: string }
  | { kind: 'logged'; id: string; action: string; by: string; subject: string; reason?: string; at?: number; message?: string; undoes?: string; data?: Data }
  | { kind: 'appealed'; id: string; name: string }
  | { kind: 'suspected'; name: string; level: string; why?: string }
  | { kind: 'settings'; settings: Settings };

export interface Welcome {
  type: 'welcome';
  version: number;
  now: number;
  account: Self | null;
  idle: number;
  longest_text: number;
}

export type Mine = Readonly<Record<string, readonly string[]>>;

export interface Joined {
  type: 'joined';
  id: string;
  room: string;
  epoch: string;
  seq: number;
  resumed: boolean;
  missed: boolean;
  you: You;
  modes: Modes;
  shield: boolean;
  pinned: Message | null;
  poll: Poll | null;
  present: Present;
  messages: Numbered[];
  earlier: boolean;
  live: boolean;
  notices: boolean;
  previews: boolean;
  /** How we reacted to `messages`, by their ids. */
  mine: Mine;
  /** The option we chose in `poll`. */
  voted: number | null;
}

export interface Events {
  type: 'events';
  room: string;
  after: number;
  seq: number;
  events: RoomEvent[];
}

export interface PresenceChanged {
  type: 'presence';
  room: string;
  present: Present;
  joined?: string[];
  left?: string[];
}

export interface Earlier {
  type: 'history';
  id: string;
  room: string;
  messages: Numbered[];
  earlier: boolean;
  mine: Mine;
}

export interface Done {
  type: 'done';
  id: string;
  message?: string;
  seq?: number;
  held?: boolean;
  text?: string;
}

export interface Refused {
  type: 'refused';
  id: string;
  code: string;
  detail: string;
  retry_after?: number;
}

export type RoomFrame =
  | Events
  | PresenceChanged
  | { type: 'you'; room: string; you: You }
  | { type: 'left'; room: string; code: string; detail: string }
  | { type: 'mentioned'; room: string; message: Message };

export type Answer = Done | Joined | Earlier | Seated | RelaysAnswer | Refused;

export type ServerFrame = Welcome | Answer | RoomFrame | CallFrame | { type: 'pong'; now: number } | { type: 'bye'; code: number; detail: string; retry_after: number };

/** A request without its id. What is not about a room's log (`join`, `leave`, `history`, and all of calls) is not worth repeating after a reconnection. */
export type Request =
  | { type: 'join'; room: string; epoch?: string; after?: number; token?: string }
  | { type: 'leave'; room: string }
  | { type: 'send'; room: string; text: string; reply?: string; media?: number }
  | { type: 'edit'; room: string; message: string; text: string }
  | { type: 'delete'; room: string; message: string }
  | { type: 'react'; room: string; message: string; reaction: string; on: boolean }
  | { type: 'vote'; room: string; poll: string; option: number }
  | { type: 'acknowledge'; room: string }
  | { type: 'history'; room: string; before: number; limit?: number }
  | CallRequest;

export function lasting(request: Request): boolean {
  return request.type !== 'join' && request.type !== 'leave' && request.type !== 'history' && !('call' in request);
}

/** A frame as it came, or null for what can't be read: it is passed over, as the protocol wants it. */
export function parse(text: unknown): ServerFrame | null {
  if (typeof text !== 'string') return null;
  try {
    const found: unknown = JSON.parse(text);
    return found !== null && typeof found === 'object' && 'type' in found ? (found as ServerFrame) : null;
  } catch {
    return null;
  }
}
