/** The frames of calls on the realtime socket, as docs/realtime-protocol.md describes them. */

export type CallRole = 'host' | 'cohost' | 'person';
export type Quality = '' | 'good' | 'fair' | 'poor';

/** Somebody's place in a call; `account` is empty for a guest. `present` is false while their signalling is lost. */
export interface Seat {
  seat: string;
  name: string;
  account: string;
  role: CallRole;
  camera: boolean;
  microphone: boolean;
  screen: boolean;
  hand: boolean;
  quality: Quality;
  present: boolean;
  since: number;
}

/** Somebody who waits in the lobby. */
export interface Knock {
  id: string;
  name: string;
  account: string;
}

export interface Relays {
  ice_servers: { urls: string | string[]; username?: string; credential?: string }[];
  relay_only: boolean;
  /** Nothing but relays with those who have no account. */
  relay_to_guests?: boolean;
  /** A guest who should be hidden behind a relay, where the server has none. */
  address_visible?: boolean;
  expires: number;
}

export interface Description {
  type: 'offer' | 'answer' | 'rollback';
  sdp: string;
}

export interface Candidate {
  candidate: string;
  sdpMid: string | null;
  sdpMLineIndex: number | null;
  usernameFragment: string | null;
}

export type Signal = { description: Description } | { candidate: Candidate | null };

export interface Seated {
  type: 'seated';
  id: string;
  call: string;
  title: string;
  you: string;
  secret: string;
  seats: Seat[];
  knocks: Knock[];
  relays: Relays;
  locked: boolean;
  lobby: boolean;
  limit: number;
  may_direct: boolean;
}

export interface RelaysAnswer {
  type: 'relays';
  id: string;
  call: string;
  relays: Relays;
}

export type Order = 'mute' | 'remove' | 'lower_hand' | 'cohost' | 'person';

export interface Shown {
  camera: boolean;
  microphone: boolean;
  screen: boolean;
  hand: boolean;
  quality: Quality;
}

export type CallFrame =
  | { type: 'knocking'; id: string; call: string }
  | { type: 'seat'; call: string; seat: Seat }
  | { type: 'seat_left'; call: string; seat: string; how: string }
  | { type: 'signalled'; call: string; from: string; description?: Description; candidate?: Candidate | null }
  | { type: 'knocked'; call: string; knock: Knock }
  | { type: 'knock_over'; call: string; knock: string }
  | { type: 'asked'; call: string; by: string; order: 'mute' | 'lower_hand' }
  | { type: 'said'; call: string; seat: string; name: string; text: string; at: number }
  | { type: 'call'; call: string; title: string; locked: boolean; lobby: boolean }
  | { type: 'call_over'; call: string; code: string; detail: string };

export type CallRequest =
  | { type: 'enter'; call: string; invite?: string; name?: string; seat?: string; secret?: string }
  | ({ type: 'signal'; call: string; to: string } & Signal)
  | ({ type: 'show'; call: string } & Shown)
  | { type: 'say'; call: string; text: string }
  | { type: 'admit'; call: string; knock: string; admit: boolean }
  | { type: 'direct'; call: string; seat: string; order: Order }
  | { type: 'lock'; call: string; locked: boolean }
  | { type: 'renew'; call: string }
  | { type: 'exit'; call: string; quality?: Record<string, number> }
  | { type: 'end_call'; call: string };
