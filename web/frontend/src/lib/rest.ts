/** The REST interface. Generated from its description by `python -m web.typescript`: do not edit. */

import { call as ask } from './session';

/** What can be asked, by noun. A page carries only the nouns it names. */
export * as rest from './rest';

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Account {
  name: string;
  display_name: string;
  colour: string;
  avatar: string | null;
  role: AccountRole;
  state: AccountState;
  email: string | null;
  email_verified: boolean;
  created_ms: number;
  version: number;
}

export interface AccountChange { state?: 'active' | 'banned'; role?: 'operator' | 'user'; }

export interface AccountExport { exported_ms: number; records: Record<string, (Record<string, string | number | boolean | null>)[]>; cut: (string)[]; }

export type AccountRole = 'operator' | 'user';

export type AccountState = 'active' | 'banned';

export interface ApiToken {
  id: string;
  name: string;
  scopes: (string)[];
  created_ms: number;
  expires_ms: number | null;
  used_ms: number | null;
  token: string | null;
}

export interface Appeal {
  id: string;
  account: string;
  text: string;
  state: AppealState;
  answer: string;
  answered_by: string | null;
  banned_for: string;
  created_ms: number;
  answered_ms: number | null;
}

export interface AppealAnswer { granted: boolean; text?: string; }

export type AppealState = 'denied' | 'granted' | 'open';

export interface AuditEntry {
  id: string;
  actor: string | null;
  action: string;
  channel: string | null;
  subject: string;
  data: Record<string, string | number | boolean | null>;
  address: string;
  created_ms: number;
}

export interface Author { name: string; shown: string; colour: string; badges: (Badge)[]; avatar: string; }

export interface Automod {
  levels?: Record<string, number>;
  capitals_percent?: number;
  symbols_percent?: number;
  repeats?: number;
  marks?: number;
  mentions?: number;
}

export interface AutomodChange {
  levels?: Record<string, number>;
  capitals_percent?: number;
  symbols_percent?: number;
  repeats?: number;
  marks?: number;
  mentions?: number;
}

export type Badge = 'moderator' | 'new' | 'operator' | 'owner' | 'vip';

export interface Ban { account: string; display_name: string; reason: string; created_ms: number; expires_ms: number | null; }

export interface BanChange { reason?: string; seconds?: number | null; }

export interface Because { reason?: string; }

export interface Blocked { account: string; display_name: string; }

export interface Broadcast {
  id: string;
  title: string;
  state: BroadcastState;
  started_ms: number;
  live_ms: number | null;
  ended_ms: number | null;
  end_reason: string;
  peak_viewers: number;
}

export type BroadcastState = 'ended' | 'interrupted' | 'live' | 'starting';

export interface Broadcasts { broadcasts: (Channel)[]; }

export interface Call {
  name: string;
  title: string;
  host: CallHost;
  role: CallRole;
  lobby: boolean;
  relay_only: RelayRule;
  locked: boolean;
  created_ms: number;
  version: number;
}

export interface CallChange { title?: string; lobby?: boolean; relay_only?: RelayRule; locked?: boolean; }

export interface CallHost { name: string; shown: string; }

export interface CallInvite {
  id: string;
  guests: boolean;
  single_use: boolean;
  made_ms: number;
  expires_ms: number;
  secret: string | null;
  url: string | null;
}

export interface CallLook { invite?: string; }

export interface CallPreview { title: string; host: CallHost; guests: boolean; locked: boolean; lobby: boolean; }

export type CallRole = 'cohost' | 'host' | 'person';

export interface CallStay {
  seat: string;
  account: string | null;
  shown: string;
  role: CallRole;
  entered_ms: number;
  left_ms: number | null;
  how_left: HowLeft | null;
  quality: Record<string, number>;
}

export interface CallVisit {
  call: Call;
  started_ms: number | null;
  ended_ms: number | null;
  how_ended: HowEnded | null;
  seconds: number;
  quality: Record<string, number>;
  stays: (CallStay)[];
}

export type Category = 'harassment' | 'hate' | 'profanity' | 'sexual' | 'spam';

export interface Channel {
  channel: string;
  title: string;
  state: ChannelState;
  started_ms: number;
  viewers: number;
  watch: string;
  embed: string;
  playlist: string;
  poster: string;
  picture: Picture | null;
  latency: Latency | null;
  description: string;
  category: string;
  tags: (string)[];
  language: string;
  mature: boolean;
  visibility: Visibility;
  owner: string | null;
  avatar: string | null;
  banner: string | null;
  offline_picture: string | null;
  followers: number;
  following: boolean;
  can: (string)[];
  version: number;
}

export interface ChannelChange {
  name?: string;
  title?: string;
  description?: string;
  category?: string;
  tags?: (string)[];
  language?: string;
  mature?: boolean;
  visibility?: Visibility;
  password?: string;
}

export type ChannelRole = 'moderator' | 'viewer' | 'vip';

export type ChannelState = 'ended' | 'interrupted' | 'live' | 'offline' | 'starting';

export interface ChatCommand { name: string; usage: string; summary: string; }

export interface ChatCommands { commands: (ChatCommand)[]; }

export interface ChatMessage { seq: number; message: Message; }

export interface ChatSettings {
  modes: Modes;
  effective: Modes;
  shield: boolean;
  shield_until_ms: number | null;
  shield_modes: Modes;
  automod: Automod;
  allowed_hosts: (string)[];
  raid: Raid;
  join_notices: boolean;
  previews: boolean;
  anonymous_readers: boolean;
  version: number;
}

export interface ChatSettingsChange {
  modes?: ModesChange;
  shield_modes?: ModesChange;
  automod?: AutomodChange;
  allowed_hosts?: (string)[];
  raid?: RaidChange;
  join_notices?: boolean;
  previews?: boolean;
  anonymous_readers?: boolean;
}

export interface Chatter {
  account: string;
  display_name: string;
  colour: string;
  role: ChannelRole | null;
  messages: number;
  first_ms: number | null;
  last_ms: number | null;
  muted_until_ms: number | null;
  muted_for: string;
  warning: string;
  suspicion: Suspicion;
  suspected_for: string;
}

export interface Code { code: string; }

export interface CurrentSession { session: string; }

export interface Decision { let_through: boolean; reason?: string; }

export interface Delivery {
  id: string;
  event: Event;
  state: string;
  attempts: number;
  status: number | null;
  error: string | null;
  body: string;
  created_ms: number;
  next_ms: number | null;
  done_ms: number | null;
}

export interface Done { line: string | null; }

export interface Emote { name: string; picture: string; }

export interface Emotes { emotes: (Emote)[]; }

export interface Enrolment { secret: string; uri: string; picture: string; }

export type Event = 'account.created' | 'broadcast.ended' | 'broadcast.started' | 'moderation.acted' | 'recording.ready';

export interface FilterMatch { message: Message; held: boolean; why: (string)[]; }

export interface FilterOutcome { looked_at: number; refused: number; held: number; examples: (FilterMatch)[]; }

export interface Follow { channel: Channel; notify: boolean; }

export interface FollowChange { notify?: boolean; }

export interface HeldMessage { message: Message; why: (string)[]; created_ms: number; }

export type HowEnded = 'empty' | 'ended' | 'lost';

export type HowLeft = 'ended' | 'left' | 'lost' | 'removed';

export interface Invite { token: string; link: string; expires_ms: number; }

export interface IssuedToken { token: string; expires_in: number; }

export interface Latency { players: number; p50_ms: number; p95_ms: number; }

export interface LatencyReport { player: string; latency_ms: number; }

export type LinkPolicy = 'everybody' | 'moderators' | 'nobody' | 'regulars';

export interface LiveBroadcast { channel: string; title: string; state: ChannelState; started_ms: number; viewers: number; }

export interface LogLine {
  id: string;
  action: ModerationAction;
  by: string | null;
  account: string | null;
  message: string | null;
  reason: string;
  data: Record<string, string | number | boolean | null>;
  undoes: string | null;
  undone_by: string | null;
  undoable: boolean;
  at_ms: number;
}

export interface Login { provider: string; label: string; email: string | null; created_ms: number; used_ms: number | null; }

export interface Logins { logins: (Login)[]; }

export interface MadeTerm { id: string; }

export interface Message {
  id: string;
  at: number;
  author: Author;
  text: string;
  kind: MessageKind;
  media: number;
  mentions: (string)[];
  reply: Quoted | null;
  edited: boolean;
  reactions: Record<string, number>;
}

export type MessageKind = 'action' | 'announcement' | 'text';

export type MessageState = 'delayed' | 'deleted' | 'held' | 'rejected' | 'visible';

export type ModerationAction = 'add_emote' | 'add_term' | 'announce' | 'ban' | 'clear' | 'close_poll' | 'delete' | 'deny_appeal' | 'grant_appeal' | 'let_through' | 'make_moderator' | 'make_vip' | 'note' | 'open_poll' | 'pin' | 'purge' | 'reject' | 'remove_emote' | 'remove_term' | 'restore' | 'settings' | 'shield' | 'suspect' | 'timeout' | 'unban' | 'unmake_moderator' | 'unmake_vip' | 'unnote' | 'unpin' | 'unshield' | 'unsuspect' | 'untimeout' | 'unwarn' | 'warn';

export interface Modes {
  slow_seconds?: number;
  followers_minutes?: number | null;
  verified_only?: boolean;
  emote_only?: boolean;
  unique?: boolean;
  members_only?: boolean;
  read_only?: boolean;
  delay_seconds?: number;
  account_age_minutes?: number;
  links?: LinkPolicy;
}

export interface ModesChange {
  slow_seconds?: number;
  followers_minutes?: number | null;
  verified_only?: boolean;
  emote_only?: boolean;
  unique?: boolean;
  members_only?: boolean;
  read_only?: boolean;
  delay_seconds?: number;
  account_age_minutes?: number;
  links?: LinkPolicy;
}

export interface Mute { seconds?: number; reason?: string; }

export interface NewAccount { name: string; password: string; display_name?: string; email?: string | null; invite?: string | null; }

export interface NewAnnouncement { text: string; }

export interface NewApiToken { name: string; scopes: (string)[]; days?: number | null; }

export interface NewAppeal { text: string; }

export interface NewCall { title?: string; lobby?: boolean; relay_only?: RelayRule; }

export interface NewCallInvite { minutes?: number | null; single_use?: boolean; guests?: boolean; }

export interface NewChannel { name: string; title?: string; }

export type NewInvite = Record<string, never>;

export interface NewNote { text: string; }

export interface NewStreamKey { name?: string; }

export interface NewTerm { text: string; form?: TermForm; effect?: TermEffect; }

export interface NewWebhook { url: string; events: (Event)[]; channel?: string | null; }

export interface Note { id: string; author: string | null; text: string; created_ms: number; }

export type Nothing = Record<string, never>;

export interface Notification { id: string; kind: string; channel: string | null; text: string; created_ms: number; read_ms: number | null; }

export interface OwnAccountChange { display_name?: string; colour?: string; email?: string | null; }

export interface OwnAppeal { id: string; text: string; state: AppealState; answer: string; created_ms: number; answered_ms: number | null; }

export interface PasswordChange { current: string; new: string; }

export interface PasswordProof { password: string; }

export interface Picture { width: number; height: number; frame_rate: number; lane: string; }

export interface PlaybackRequest { password?: string; renew?: string; }

export interface PollAsked { question: string; options: (string)[]; seconds?: number; }

export interface PollState { id: string; question: string; options: (string)[]; votes: (number)[]; ends_ms: number; closed: boolean; }

export interface Preview { title: string; description: string; site: string; }

export interface Problem { type: string; title: string; status: number; code: string; detail: string; data: Record<string, string | number>; }

export interface Profile { name: string; display_name: string; colour: string; avatar: string | null; created_ms: number; }

export interface Quoted { id: string; name: string; shown: string; text: string; }

export interface Raid { joins?: number; minutes?: number; }

export interface RaidChange { joins?: number; minutes?: number; }

export interface RecoveryCodes { recovery_codes: (string)[]; }

export interface Refresh { refresh: string; }

export type RelayRule = 'everybody' | 'guests' | 'nobody';

export interface Reset { token: string; password: string; }

export interface ResetRequest { email: string; }

export interface Role { account: string; display_name: string; role: ChannelRole; }

export interface RoleChange { role: ChannelRole; }

export interface SecondFactor { enabled: boolean; }

export interface ServerTime { unix_ms: number; }

export interface Session { id: string; kind: SessionKind; user_agent: string; address: string; created_ms: number; used_ms: number; current: boolean; }

export interface SessionBegun { account: Account; csrf: string; tokens: Tokens | null; }

export type SessionKind = 'browser' | 'tokens';

export interface SessionState { account: Account | null; csrf: string; }

export interface SessionStatistics {
  connected: boolean;
  bitrate: number;
  packets: number;
  lost: number;
  recovered: number;
  frames: number;
  frames_given_up: number;
  keyframes: number;
  rtt_ms: number;
  width: number;
  height: number;
  frame_rate: number;
  codec: string;
  nacks: number;
  plis: number;
  viewers: number;
  latency: Latency | null;
}

export interface Setting { name: string; value: string; changed: boolean; secret: boolean; }

export interface SettingList { settings: (Setting)[]; }

export interface ShieldRaised { seconds?: number | null; reason?: string; }

export interface SignIn { name: string; password: string; code?: string; tokens?: boolean; }

export interface SignInProvider { name: string; label: string; start: string; }

export interface SignInProviders { providers: (SignInProvider)[]; }

export interface SocketTicket { ticket: string; url: string; }

export interface StreamKey { id: string; name: string; created_ms: number; used_ms: number | null; revoked_ms: number | null; key: string | null; }

export interface Suspect { level?: Suspicion; reason?: string; }

export type Suspicion = 'monitored' | 'none' | 'restricted';

export interface Term { id: string; form: TermForm; text: string; effect: TermEffect; by: string | null; created_ms: number; }

export type TermEffect = 'block' | 'hold' | 'permit';

export type TermForm = 'expression' | 'literal' | 'wildcard';

export interface Terms { terms: (Term)[]; }

export interface Tokens { access: string; refresh: string; expires_in: number; }

export interface UserCard {
  chatter: Chatter;
  avatar: string | null;
  created_ms: number;
  verified: boolean;
  owner: boolean;
  operator: boolean;
  followed_ms: number | null;
  banned: boolean;
  ban_reason: string;
  banned_until_ms: number | null;
  deleted: number;
  notes: number;
  actions: Record<string, number>;
  rank: string;
  can: (ModerationAction)[];
}

export interface Verification { token: string; }

export type Visibility = 'followers' | 'named' | 'password' | 'public' | 'unlisted';

export interface Warn { reason: string; }

export interface Webhook {
  id: string;
  url: string;
  events: (Event)[];
  channel: string | null;
  enabled: boolean;
  failures: number;
  created_ms: number;
  version: number;
  secret: string | null;
}

export interface WebhookChange { url?: string; events?: (Event)[]; enabled?: boolean; }

export interface WrittenMessage { message: Message; state: MessageState; }

export const live = {
  /** What can be watched now and the asker may find, newest first. */
  broadcasts: (): Promise<Broadcasts> => ask('GET', '/broadcasts'),
  /** One channel and its state. A former name leads to the present one (308). */
  channel: (name: string): Promise<Channel> => ask('GET', `/channels/${encodeURIComponent(name)}`),
};

export const accounts = {
  /** Sign up; the browser that asks is signed in. */
  create: (body: NewAccount): Promise<SessionBegun> => ask('POST', '/accounts', body),
  /** What everybody sees of somebody. */
  read: (name: string): Promise<Profile> => ask('GET', `/accounts/${encodeURIComponent(name)}`),
  /** Have a link to choose a new password sent to an address, if an account has proven it; the answer is the same if none has. */
  forgotten: (body: ResetRequest): Promise<void> => ask('POST', '/account/reset-requests', body),
  /** Choose a new password by the link that was sent; every session of the account ends. */
  reset: (body: Reset): Promise<void> => ask('POST', '/account/resets', body),
  /** Prove an e-mail address by the link that was sent to it. */
  verify: (body: Verification): Promise<void> => ask('POST', '/account/verifications', body),
  /** A link by which one person can sign up. */
  invite: (body: NewInvite): Promise<Invite> => ask('POST', '/admin/invites', body),
};

export const sessions = {
  /** Sign in: a cookie for a browser, tokens for a program. */
  create: (body: SignIn): Promise<SessionBegun> => ask('POST', '/sessions', body),
  /** Exchange a refresh token for the next two tokens; one that was exchanged before ends its session. */
  refresh: (body: Refresh): Promise<Tokens> => ask('POST', '/sessions/refresh', body),
  /** Who is signed in here. */
  current: (): Promise<SessionState> => ask('GET', '/session'),
  /** Sign out here. */
  sign_out: (): Promise<void> => ask('DELETE', '/session'),
  /** Where you are signed in, the newest first. */
  list: (query: Record<string, string> = {}): Promise<Page<Session>> => ask('GET', `/sessions?${new URLSearchParams(query).toString()}`),
  /** Sign out somewhere else. */
  end: (session: string): Promise<void> => ask('DELETE', `/sessions/${encodeURIComponent(session)}`),
};

export const account = {
  /** Your account. */
  read: (): Promise<Account> => ask('GET', '/account'),
  /** Change what is told of you, or your e-mail address. */
  change: (body: OwnAccountChange, version: number): Promise<Account> => ask('PATCH', '/account', body, version),
  /** Choose another password; every other session ends, and this one is followed by a new one. */
  change_password: (body: PasswordChange): Promise<SessionBegun> => ask('PUT', '/account/password', body),
  /** Have a link sent to your e-mail address that proves it is yours. */
  ask_verification: (): Promise<void> => ask('POST', '/account/verification-requests'),
  /** Everything that is kept about you. */
  export: (): Promise<AccountExport> => ask('GET', '/account/export'),
  /** Delete your account and your channels, for good. */
  delete: (body: PasswordProof): Promise<void> => ask('DELETE', '/account', body),
  /** Show a picture of you: PNG, JPEG, WebP or GIF, of at most 2 MiB. It is made into a small square one. */
  set_avatar: (body: Blob): Promise<Account> => ask('PUT', '/account/avatar', body),
  /** Show no picture of you. */
  remove_avatar: (): Promise<void> => ask('DELETE', '/account/avatar'),
};

export const channels = {
  /** Public channels, those that fit. A page may be shorter than asked for and not be the last. */
  find: (query: Record<string, string> = {}): Promise<Page<Channel>> => ask('GET', `/channels?${new URLSearchParams(query).toString()}`),
  /** A new channel of yours. */
  create: (body: NewChannel): Promise<Channel> => ask('POST', '/channels', body),
  /** Your channels, by name. */
  mine: (query: Record<string, string> = {}): Promise<Page<Channel>> => ask('GET', `/account/channels?${new URLSearchParams(query).toString()}`),
  /** Change a channel of yours. It is not renamed while it is on the air. */
  edit: (name: string, body: ChannelChange, version: number): Promise<Channel> => ask('PATCH', `/channels/${encodeURIComponent(name)}`, body, version),
  /** Delete a channel of yours, its keys, roles and the list of its broadcasts. Not while it is on the air. */
  delete: (name: string, version: number): Promise<void> => ask('DELETE', `/channels/${encodeURIComponent(name)}`, undefined, version),
};

export const channel_pictures = {
  /** Set the channel's picture, its banner, or the offline-picture, shown while it is off the air. */
  put: (name: string, kind: string, body: Blob): Promise<void> => ask('PUT', `/channels/${encodeURIComponent(name)}/pictures/${encodeURIComponent(kind)}`, body),
  /** Take a picture of the channel away. */
  delete: (name: string, kind: string): Promise<void> => ask('DELETE', `/channels/${encodeURIComponent(name)}/pictures/${encodeURIComponent(kind)}`),
};

export const keys = {
  /** The channel's keys, revoked ones too, oldest first. */
  keys: (name: string, query: Record<string, string> = {}): Promise<Page<StreamKey>> => ask('GET', `/channels/${encodeURIComponent(name)}/keys?${new URLSearchParams(query).toString()}`),
  /** A new stream key; told this once. */
  create: (name: string, body: NewStreamKey): Promise<StreamKey> => ask('POST', `/channels/${encodeURIComponent(name)}/keys`, body),
  /** Revoke a key; what it publishes ends within five seconds. */
  revoke: (name: string, key: string): Promise<void> => ask('DELETE', `/channels/${encodeURIComponent(name)}/keys/${encodeURIComponent(key)}`),
};

export const roles = {
  /** Who has a role in the channel, by name. */
  roles: (name: string, query: Record<string, string> = {}): Promise<Page<Role>> => ask('GET', `/channels/${encodeURIComponent(name)}/roles?${new URLSearchParams(query).toString()}`),
  /** Give an account a role instead of the one it has. */
  give: (name: string, account: string, body: RoleChange): Promise<void> => ask('PUT', `/channels/${encodeURIComponent(name)}/roles/${encodeURIComponent(account)}`, body),
  /** Take an account's role away. */
  take: (name: string, account: string): Promise<void> => ask('DELETE', `/channels/${encodeURIComponent(name)}/roles/${encodeURIComponent(account)}`),
  /** Who is banned from the channel now, by name. */
  bans: (name: string, query: Record<string, string> = {}): Promise<Page<Ban>> => ask('GET', `/channels/${encodeURIComponent(name)}/bans?${new URLSearchParams(query).toString()}`),
  /** Ban an account from the channel, or change its ban. */
  ban: (name: string, account: string, body: BanChange): Promise<Done> => ask('PUT', `/channels/${encodeURIComponent(name)}/bans/${encodeURIComponent(account)}`, body),
  /** Lift an account's ban. */
  lift: (name: string, account: string): Promise<Done> => ask('DELETE', `/channels/${encodeURIComponent(name)}/bans/${encodeURIComponent(account)}`),
};

export const messages = {
  /** Messages, newest first. A page of a search can be short and yet not be the last. */
  find: (name: string, query: Record<string, string> = {}): Promise<Page<ChatMessage>> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/messages?${new URLSearchParams(query).toString()}`),
  /** What was said during a broadcast, in the order of the pictures its authors saw. */
  replay: (name: string, broadcast: string, query: Record<string, string> = {}): Promise<Page<ChatMessage>> => ask('GET', `/channels/${encodeURIComponent(name)}/broadcasts/${encodeURIComponent(broadcast)}/chat?${new URLSearchParams(query).toString()}`),
};

export const chat_commands = {
  /** The commands you may use in the channel's chat. */
  commands: (name: string): Promise<ChatCommands> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/commands`),
};

export const emotes = {
  /** The channel's emotes, by name. */
  emotes: (name: string): Promise<Emotes> => ask('GET', `/channels/${encodeURIComponent(name)}/emotes`),
  /** Add an emote: a picture of at most 512 KiB, made small. */
  add: (name: string, emote: string, body: Blob): Promise<void> => ask('PUT', `/channels/${encodeURIComponent(name)}/emotes/${encodeURIComponent(emote)}`, body),
  /** Remove an emote; messages show its name from then on. */
  remove: (name: string, emote: string): Promise<void> => ask('DELETE', `/channels/${encodeURIComponent(name)}/emotes/${encodeURIComponent(emote)}`),
};

export const polls = {
  /** The poll that runs, or the last one while it is shown. */
  poll: (name: string): Promise<PollState> => ask('GET', `/channels/${encodeURIComponent(name)}/poll`),
  /** Ask something, instead of what was asked before. */
  open: (name: string, body: PollAsked): Promise<PollState> => ask('POST', `/channels/${encodeURIComponent(name)}/poll`, body),
  /** End a poll before its time; how it ended stays on show. */
  close: (name: string, poll: string): Promise<void> => ask('POST', `/channels/${encodeURIComponent(name)}/poll/${encodeURIComponent(poll)}/close`),
  /** Show no poll any more, running or over. */
  dismiss: (name: string): Promise<void> => ask('DELETE', `/channels/${encodeURIComponent(name)}/poll`),
};

export const chat_announcements = {
  /** Say something to everybody, set off from the rest. */
  announce: (name: string, body: NewAnnouncement): Promise<Done> => ask('POST', `/channels/${encodeURIComponent(name)}/chat/announcements`, body),
};

export const chat_pins = {
  /** Keep a message above all others, instead of the one before. */
  pin: (name: string, message: string): Promise<Done> => ask('PUT', `/channels/${encodeURIComponent(name)}/chat/pin/${encodeURIComponent(message)}`),
  /** Take the pinned message down. */
  unpin: (name: string): Promise<Done> => ask('DELETE', `/channels/${encodeURIComponent(name)}/chat/pin`),
};

export const previews = {
  /** What a link leads to, in words. This server asks, so that nobody's browser is seen there. */
  preview: (name: string, query: Record<string, string> = {}): Promise<Preview> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/preview?${new URLSearchParams(query).toString()}`),
};

export const chat_settings = {
  /** All settings of the channel's chat. */
  read: (name: string): Promise<ChatSettings> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/settings`),
  /** Change some settings; in force for every message from then on. */
  change: (name: string, body: ChatSettingsChange, version: number): Promise<ChatSettings> => ask('PATCH', `/channels/${encodeURIComponent(name)}/chat/settings`, body, version),
  /** Raise the shield: the stricter modes of ``shield_modes`` apply. */
  raise_shield: (name: string, body: ShieldRaised): Promise<Done> => ask('PUT', `/channels/${encodeURIComponent(name)}/chat/shield`, body),
  /** Lower the shield. */
  lower_shield: (name: string, query: Record<string, string> = {}): Promise<Done> => ask('DELETE', `/channels/${encodeURIComponent(name)}/chat/shield?${new URLSearchParams(query).toString()}`),
};

export const chat_deletions = {
  /** Delete a message. */
  delete: (name: string, message: string, query: Record<string, string> = {}): Promise<Done> => ask('DELETE', `/channels/${encodeURIComponent(name)}/chat/messages/${encodeURIComponent(message)}?${new URLSearchParams(query).toString()}`),
  /** Delete everything an account wrote. */
  purge: (name: string, query: Record<string, string> = {}): Promise<Done> => ask('DELETE', `/channels/${encodeURIComponent(name)}/chat/messages?${new URLSearchParams(query).toString()}`),
  /** Take everything away that was said so far. */
  clear: (name: string, body: Because): Promise<Done> => ask('POST', `/channels/${encodeURIComponent(name)}/chat/clear`, body),
};

export const chat_restrictions = {
  /** Whose timeout runs, by name. */
  mutes: (name: string, query: Record<string, string> = {}): Promise<Page<Chatter>> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/mutes?${new URLSearchParams(query).toString()}`),
  /** Keep an account from writing for a while from now on. */
  mute: (name: string, account: string, body: Mute): Promise<Done> => ask('PUT', `/channels/${encodeURIComponent(name)}/chat/mutes/${encodeURIComponent(account)}`, body),
  /** End an account's timeout. */
  unmute: (name: string, account: string): Promise<Done> => ask('DELETE', `/channels/${encodeURIComponent(name)}/chat/mutes/${encodeURIComponent(account)}`),
  /** Warn an account; it writes again once it says that it read that. */
  warn: (name: string, account: string, body: Warn): Promise<Done> => ask('PUT', `/channels/${encodeURIComponent(name)}/chat/warnings/${encodeURIComponent(account)}`, body),
  /** Take a warning back that was not acknowledged. */
  unwarn: (name: string, account: string): Promise<Done> => ask('DELETE', `/channels/${encodeURIComponent(name)}/chat/warnings/${encodeURIComponent(account)}`),
  /** Say that you read the warning the channel's team gave you. */
  acknowledge: (name: string): Promise<void> => ask('POST', `/channels/${encodeURIComponent(name)}/chat/acknowledgement`),
  /** Whom the team watches, by name. */
  suspicions: (name: string, query: Record<string, string> = {}): Promise<Page<Chatter>> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/suspicions?${new URLSearchParams(query).toString()}`),
  /** Watch an account: its messages are marked for the team, or held. */
  suspect: (name: string, account: string, body: Suspect): Promise<Done> => ask('PUT', `/channels/${encodeURIComponent(name)}/chat/suspicions/${encodeURIComponent(account)}`, body),
  /** Watch an account no longer. */
  unsuspect: (name: string, account: string): Promise<Done> => ask('DELETE', `/channels/${encodeURIComponent(name)}/chat/suspicions/${encodeURIComponent(account)}`),
};

export const chat_queue = {
  /** What waits, oldest first. */
  queue: (name: string, query: Record<string, string> = {}): Promise<Page<HeldMessage>> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/queue?${new URLSearchParams(query).toString()}`),
  /** Let a message through or not; of several who decide, the first does. */
  decide: (name: string, message: string, body: Decision): Promise<Done> => ask('POST', `/channels/${encodeURIComponent(name)}/chat/queue/${encodeURIComponent(message)}`, body),
};

export const chat_terms = {
  /** All terms of the channel. */
  terms: (name: string): Promise<Terms> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/terms`),
  /** Block, hold or permit a term. */
  add: (name: string, body: NewTerm): Promise<MadeTerm> => ask('POST', `/channels/${encodeURIComponent(name)}/chat/terms`, body),
  /** Remove a term. */
  remove: (name: string, term: string, query: Record<string, string> = {}): Promise<Done> => ask('DELETE', `/channels/${encodeURIComponent(name)}/chat/terms/${encodeURIComponent(term)}?${new URLSearchParams(query).toString()}`),
  /** What a term would have done to the newest thousand messages. Nothing is changed. */
  try_term: (name: string, body: NewTerm): Promise<FilterOutcome> => ask('POST', `/channels/${encodeURIComponent(name)}/chat/terms/test`, body),
  /** What changed settings, with the channel's terms, would have done to the newest thousand messages. Nothing is changed. */
  try_settings: (name: string, body: ChatSettingsChange): Promise<FilterOutcome> => ask('POST', `/channels/${encodeURIComponent(name)}/chat/automod/test`, body),
};

export const chat_people = {
  /** Who wrote last, newest first. */
  chatters: (name: string, query: Record<string, string> = {}): Promise<Page<Chatter>> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/chatters?${new URLSearchParams(query).toString()}`),
  /** Everything about an account in the channel at once. */
  card: (name: string, account: string): Promise<UserCard> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/users/${encodeURIComponent(account)}`),
  /** What an account wrote in the channel, newest first, whatever became of it. */
  messages: (name: string, account: string, query: Record<string, string> = {}): Promise<Page<WrittenMessage>> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/users/${encodeURIComponent(account)}/messages?${new URLSearchParams(query).toString()}`),
  /** What the team wrote down about an account, newest first. */
  notes: (name: string, account: string, query: Record<string, string> = {}): Promise<Page<Note>> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/users/${encodeURIComponent(account)}/notes?${new URLSearchParams(query).toString()}`),
  /** Write something down about an account, for the team. */
  add_note: (name: string, account: string, body: NewNote): Promise<Note> => ask('POST', `/channels/${encodeURIComponent(name)}/chat/users/${encodeURIComponent(account)}/notes`, body),
  /** Take a note out, for good. */
  remove_note: (name: string, account: string, note: string): Promise<Done> => ask('DELETE', `/channels/${encodeURIComponent(name)}/chat/users/${encodeURIComponent(account)}/notes/${encodeURIComponent(note)}`),
};

export const chat_log = {
  /** Who did what to whom and why, newest first. */
  log: (name: string, query: Record<string, string> = {}): Promise<Page<LogLine>> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/log?${new URLSearchParams(query).toString()}`),
  /** Do the reverse of what a line tells, where that still stands and you may do it. */
  undo: (name: string, line: string): Promise<Done> => ask('POST', `/channels/${encodeURIComponent(name)}/chat/log/${encodeURIComponent(line)}/undo`),
};

export const chat_appeals = {
  /** Your last appeal in the channel, and what became of it. */
  own: (name: string): Promise<OwnAppeal> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/appeal`),
  /** Ask for your ban to be lifted. */
  appeal: (name: string, body: NewAppeal): Promise<OwnAppeal> => ask('POST', `/channels/${encodeURIComponent(name)}/chat/appeal`, body),
  /** Appeals to the channel's team, oldest first; open ones unless said. */
  appeals: (name: string, query: Record<string, string> = {}): Promise<Page<Appeal>> => ask('GET', `/channels/${encodeURIComponent(name)}/chat/appeals?${new URLSearchParams(query).toString()}`),
  /** Answer an appeal; what is granted lifts the ban. */
  answer: (name: string, appeal: string, body: AppealAnswer): Promise<Done> => ask('POST', `/channels/${encodeURIComponent(name)}/chat/appeals/${encodeURIComponent(appeal)}`, body),
};

export const follows = {
  /** The channels you follow and may see. A page may be shorter than asked for and not be the last. */
  follows: (query: Record<string, string> = {}): Promise<Page<Follow>> => ask('GET', `/account/follows?${new URLSearchParams(query).toString()}`),
  /** Follow a channel, or say whether its going live is told. */
  follow: (channel: string, body: FollowChange): Promise<void> => ask('PUT', `/account/follows/${encodeURIComponent(channel)}`, body),
  /** Follow a channel no more. */
  unfollow: (channel: string): Promise<void> => ask('DELETE', `/account/follows/${encodeURIComponent(channel)}`),
  /** Whom you block, by name. */
  blocks: (query: Record<string, string> = {}): Promise<Page<Blocked>> => ask('GET', `/account/blocks?${new URLSearchParams(query).toString()}`),
  /** Block an account. */
  block: (name: string): Promise<void> => ask('PUT', `/account/blocks/${encodeURIComponent(name)}`),
  /** Block an account no more. */
  unblock: (name: string): Promise<void> => ask('DELETE', `/account/blocks/${encodeURIComponent(name)}`),
  /** What you were told in the last month, newest first. */
  notifications: (query: Record<string, string> = {}): Promise<Page<Notification>> => ask('GET', `/account/notifications?${new URLSearchParams(query).toString()}`),
  /** You read everything told so far. */
  read: (): Promise<void> => ask('POST', '/account/notifications/read'),
};

export const playback = {
  /** A token to publish to your channel with, in place of a stream key. */
  publish_token: (name: string, body: Nothing): Promise<IssuedToken> => ask('POST', `/channels/${encodeURIComponent(name)}/publish-tokens`, body),
  /** A token to watch the channel with. The same token is set as a cookie for players that can't send headers. */
  playback_token: (name: string, body: PlaybackRequest): Promise<IssuedToken> => ask('POST', `/channels/${encodeURIComponent(name)}/playback-tokens`, body),
  /** The channel's broadcasts, newest first. */
  broadcasts: (name: string, query: Record<string, string> = {}): Promise<Page<Broadcast>> => ask('GET', `/channels/${encodeURIComponent(name)}/broadcasts?${new URLSearchParams(query).toString()}`),
};

export const second_factor = {
  /** Whether signing in asks for a code. */
  state: (): Promise<SecondFactor> => ask('GET', '/account/second-factor'),
  /** A secret for an authenticator; it counts once a code of it was confirmed. */
  begin: (body: PasswordProof): Promise<Enrolment> => ask('POST', '/account/second-factor', body),
  /** Ask for codes from now on; the recovery codes are told this once. */
  confirm: (body: Code): Promise<RecoveryCodes> => ask('POST', '/account/second-factor/confirmation', body),
  /** Ask for no codes any more. */
  remove: (body: PasswordProof): Promise<void> => ask('POST', '/account/second-factor/removal', body),
};

export const logins = {
  /** Whom people may sign in with. */
  providers: (): Promise<SignInProviders> => ask('GET', '/sign-in-providers'),
  /** Your logins at providers. */
  list: (): Promise<Logins> => ask('GET', '/account/logins'),
  /** Take a login away. */
  remove: (provider: string): Promise<void> => ask('DELETE', `/account/logins/${encodeURIComponent(provider)}`),
};

export const api_tokens = {
  /** Your tokens that were not revoked, newest first. */
  list: (query: Record<string, string> = {}): Promise<Page<ApiToken>> => ask('GET', `/account/api-tokens?${new URLSearchParams(query).toString()}`),
  /** A new token; its text is told this once. */
  create: (body: NewApiToken): Promise<ApiToken> => ask('POST', '/account/api-tokens', body),
  /** Let a token open nothing any more. */
  revoke: (token: string): Promise<void> => ask('DELETE', `/account/api-tokens/${encodeURIComponent(token)}`),
};

export const publishing = {
  /** How the session that publishes to a channel is doing. */
  statistics: (name: string): Promise<SessionStatistics> => ask('GET', `/channels/${encodeURIComponent(name)}/session/statistics`),
  /** The session that publishes to a channel. */
  current: (name: string): Promise<CurrentSession> => ask('GET', `/channels/${encodeURIComponent(name)}/session`),
};

export const sockets = {
  /** A ticket for one realtime socket, and where that is. */
  create: (): Promise<SocketTicket> => ask('POST', '/sockets'),
};

export const calls = {
  /** The calls you host or were in, newest first: who was there, when, for how long, and how it ended. */
  history: (query: Record<string, string> = {}): Promise<Page<CallVisit>> => ask('GET', `/calls?${new URLSearchParams(query).toString()}`),
  /** A new call, of which you are the host. Nobody else enters without an invite. */
  create: (body: NewCall): Promise<Call> => ask('POST', '/calls', body),
  /** A call you host or were in. */
  read: (name: string): Promise<Call> => ask('GET', `/calls/${encodeURIComponent(name)}`),
  /** Another title or other rules for a call you host; those who are in it are told. */
  change: (name: string, body: CallChange, version: number): Promise<Call> => ask('PATCH', `/calls/${encodeURIComponent(name)}`, body, version),
  /** End a call you host, for everybody, and forget it with its invites and its log. */
  delete: (name: string): Promise<void> => ask('DELETE', `/calls/${encodeURIComponent(name)}`),
  /** Who was in a call and when, newest first: all where you direct it, else those at the time of your own stays. */
  stays: (name: string, query: Record<string, string> = {}): Promise<Page<CallStay>> => ask('GET', `/calls/${encodeURIComponent(name)}/stays?${new URLSearchParams(query).toString()}`),
  /** Take a call out of your own history. It comes back when you enter it again. */
  forget: (name: string): Promise<void> => ask('DELETE', `/account/calls/${encodeURIComponent(name)}`),
  /** The invites of a call you direct that are good, oldest first. */
  invites: (name: string, query: Record<string, string> = {}): Promise<Page<CallInvite>> => ask('GET', `/calls/${encodeURIComponent(name)}/invites?${new URLSearchParams(query).toString()}`),
  /** A new invite into a call you direct; its secret is shown this once. Give people its address. */
  invite: (name: string, body: NewCallInvite): Promise<CallInvite> => ask('POST', `/calls/${encodeURIComponent(name)}/invites`, body),
  /** Let nobody else in by an invite. Who is in the call stays. */
  revoke: (name: string, invite: string): Promise<void> => ask('DELETE', `/calls/${encodeURIComponent(name)}/invites/${encodeURIComponent(invite)}`),
  /** What you would enter, by an invite that is good, or as its host or co-host. The invite is not used up. */
  look: (name: string, body: CallLook): Promise<CallPreview> => ask('POST', `/calls/${encodeURIComponent(name)}/look`, body),
};

export const webhooks = {
  /** Your webhooks, oldest first. */
  list: (query: Record<string, string> = {}): Promise<Page<Webhook>> => ask('GET', `/webhooks?${new URLSearchParams(query).toString()}`),
  /** A new webhook, of a channel you own or, as an operator, of the whole instance; its secret is shown this once. */
  create: (body: NewWebhook): Promise<Webhook> => ask('POST', '/webhooks', body),
  /** One of your webhooks. */
  one: (webhook: string): Promise<Webhook> => ask('GET', `/webhooks/${encodeURIComponent(webhook)}`),
  /** Another address, other events; stop it, or let it begin anew. */
  change: (webhook: string, body: WebhookChange, version: number): Promise<Webhook> => ask('PATCH', `/webhooks/${encodeURIComponent(webhook)}`, body, version),
  /** Tell it nothing more. */
  delete: (webhook: string): Promise<void> => ask('DELETE', `/webhooks/${encodeURIComponent(webhook)}`),
  /** What a webhook was told in the last 30 days, newest first. */
  deliveries: (webhook: string, query: Record<string, string> = {}): Promise<Page<Delivery>> => ask('GET', `/webhooks/${encodeURIComponent(webhook)}/deliveries?${new URLSearchParams(query).toString()}`),
  /** Tell it once more, under the same id. */
  replay: (webhook: string, delivery: string): Promise<Delivery> => ask('POST', `/webhooks/${encodeURIComponent(webhook)}/deliveries/${encodeURIComponent(delivery)}/replay`),
};

export const admin = {
  /** Every account, by name. */
  accounts: (query: Record<string, string> = {}): Promise<Page<Account>> => ask('GET', `/admin/accounts?${new URLSearchParams(query).toString()}`),
  /** Ban an account or let it back, make it an operator or not; whatever it was signed in with ends. */
  govern: (name: string, body: AccountChange, version: number): Promise<Account> => ask('PATCH', `/admin/accounts/${encodeURIComponent(name)}`, body, version),
  /** Everything on air, also what is not public, by channel. */
  broadcasts: (query: Record<string, string> = {}): Promise<Page<LiveBroadcast>> => ask('GET', `/admin/broadcasts?${new URLSearchParams(query).toString()}`),
  /** End a broadcast, and let nobody publish to its channel for a while. */
  stop: (channel: string, query: Record<string, string> = {}): Promise<void> => ask('DELETE', `/admin/broadcasts/${encodeURIComponent(channel)}?${new URLSearchParams(query).toString()}`),
  /** Every setting of the web role; of secrets only whether they are set. */
  settings: (): Promise<SettingList> => ask('GET', '/admin/settings'),
  /** Who did what, newest first. */
  audit: (query: Record<string, string> = {}): Promise<Page<AuditEntry>> => ask('GET', `/admin/audit?${new URLSearchParams(query).toString()}`),
};

export const latency = {
  /** A player says how old its picture is. */
  report: (name: string, body: LatencyReport): Promise<void> => ask('POST', `/channels/${encodeURIComponent(name)}/latency`, body),
};

export const time = {
  /** The server's clock. */
  read: (): Promise<ServerTime> => ask('GET', '/time'),
};
