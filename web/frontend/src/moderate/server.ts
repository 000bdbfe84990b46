/** What the moderation page asks the server for, about one channel. Every rejection is an ApiError. */

import type { Message, Modes, Settings } from '../lib/frames';
import { rest, type Appeal, type ChatSettingsChange, type Chatter, type HeldMessage, type LogLine, type Note, type Page, type Suspicion, type Term, type UserCard, type WrittenMessage } from '../lib/rest';
import type { LogFilter } from './records';

export type { Appeal, ChatSettingsChange, Chatter, LogLine, Note, Suspicion, Term, UserCard };

/** The interface tells messages and modes as the socket does, whose types say what is always there. */
export type Held = Omit<HeldMessage, 'message'> & { message: Message };
export type Written = Omit<WrittenMessage, 'message'> & { message: Message };
export type RoomSettings = Settings & { effective: Modes; version: number };
export interface Outcome {
  looked_at: number;
  refused: number;
  held: number;
  examples: { message: Message; held: boolean; why: string[] }[];
}
export type NewTerm = Pick<Term, 'form' | 'text' | 'effect'>;
/** Somebody in a list of people; a ban has a reason and an end, and a chatter more than a ban. */
export type Row = Partial<Chatter> & { account: string; display_name: string; reason?: string; expires_ms?: number | null };
export type PeopleList = 'active' | 'suspicious' | 'muted' | 'banned';

/** So many wait at most on one page. */
const QUEUE = { limit: '100' };

type Query = Record<string, string>;

export class Server {
  constructor(readonly channel: string) {}

  // ---- the queue ----

  readonly held = (): Promise<Page<Held>> => rest.chat_queue.queue(this.channel, QUEUE) as Promise<Page<Held>>;
  readonly decide = (message: string, letThrough: boolean): Promise<unknown> => rest.chat_queue.decide(this.channel, message, { let_through: letThrough });
  readonly appeals = (): Promise<Page<Appeal>> => rest.chat_appeals.appeals(this.channel, QUEUE);
  readonly answer = (appeal: string, granted: boolean, text: string): Promise<unknown> => rest.chat_appeals.answer(this.channel, appeal, { granted, text });

  // ---- people ----

  readonly suspicious = async (): Promise<string[]> => (await rest.chat_restrictions.suspicions(this.channel, QUEUE)).items.map((one) => one.account);
  readonly card = (account: string): Promise<UserCard> => rest.chat_people.card(this.channel, account);
  readonly note = (account: string, text: string): Promise<unknown> => rest.chat_people.add_note(this.channel, account, { text });
  readonly timeout = (account: string, seconds: number, reason = ''): Promise<unknown> => rest.chat_restrictions.mute(this.channel, account, { seconds, reason });
  readonly endTimeout = (account: string): Promise<unknown> => rest.chat_restrictions.unmute(this.channel, account);
  readonly warn = (account: string, reason: string): Promise<unknown> => rest.chat_restrictions.warn(this.channel, account, { reason });
  readonly unwarn = (account: string): Promise<unknown> => rest.chat_restrictions.unwarn(this.channel, account);
  readonly suspect = (account: string, level: Suspicion, reason = ''): Promise<unknown> =>
    level === 'none' ? rest.chat_restrictions.unsuspect(this.channel, account) : rest.chat_restrictions.suspect(this.channel, account, { level, reason });
  readonly ban = (account: string, seconds: number | null, reason = ''): Promise<unknown> => rest.roles.ban(this.channel, account, { seconds, reason });
  readonly unban = (account: string): Promise<unknown> => rest.roles.lift(this.channel, account);
  readonly purge = (author: string, reason = ''): Promise<unknown> => rest.chat_deletions.purge(this.channel, { author, reason });
  readonly remove = (message: string, reason = ''): Promise<unknown> => rest.chat_deletions.delete(this.channel, message, { reason });
  readonly makeVip = (account: string): Promise<unknown> => rest.roles.give(this.channel, account, { role: 'vip' });
  readonly takeRole = (account: string): Promise<unknown> => rest.roles.take(this.channel, account);

  // ---- how the room is run ----

  readonly undo = (line: string): Promise<unknown> => rest.chat_log.undo(this.channel, line);
  readonly settings = (): Promise<RoomSettings> => rest.chat_settings.read(this.channel) as Promise<RoomSettings>;
  readonly change = (change: ChatSettingsChange, version: number): Promise<RoomSettings> => rest.chat_settings.change(this.channel, change, version) as Promise<RoomSettings>;
  readonly raiseShield = (): Promise<unknown> => rest.chat_settings.raise_shield(this.channel, {});
  readonly lowerShield = (): Promise<unknown> => rest.chat_settings.lower_shield(this.channel);
  readonly terms = async (): Promise<Term[]> => (await rest.chat_terms.terms(this.channel)).terms;
  readonly addTerm = (term: NewTerm): Promise<unknown> => rest.chat_terms.add(this.channel, term);
  readonly removeTerm = (term: string): Promise<unknown> => rest.chat_terms.remove(this.channel, term);
  readonly tryTerm = (term: NewTerm): Promise<Outcome> => rest.chat_terms.try_term(this.channel, term) as Promise<Outcome>;
  readonly trySettings = (change: ChatSettingsChange): Promise<Outcome> => rest.chat_terms.try_settings(this.channel, change) as Promise<Outcome>;

  // ---- lists that are read page by page; see people/list.ts ----

  list(which: PeopleList, query: Query): Promise<Page<Row>> {
    const asked = { limit: '50', ...query };
    if (which === 'active') return rest.chat_people.chatters(this.channel, asked);
    if (which === 'suspicious') return rest.chat_restrictions.suspicions(this.channel, asked);
    if (which === 'muted') return rest.chat_restrictions.mutes(this.channel, asked);
    return rest.roles.bans(this.channel, asked);
  }

  readonly wrote = (account: string, query: Query): Promise<Page<Written>> =>
    rest.chat_people.messages(this.channel, account, { limit: '30', ...query }) as Promise<Page<Written>>;
  readonly notes = (account: string, query: Query): Promise<Page<Note>> => rest.chat_people.notes(this.channel, account, { limit: '30', ...query });

  log({ action, name, side }: LogFilter, query: Query): Promise<Page<LogLine>> {
    const asked: Query = { limit: '50', ...query };
    if (action !== '') asked['action'] = action;
    if (name !== '') asked[side] = name;
    return rest.chat_log.log(this.channel, asked);
  }
}
