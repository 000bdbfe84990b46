/** Records of accounts and channels as the REST interface tells them; see docs/rest.md. */

import type { Account } from './session';

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface SignedIn {
  id: string;
  kind: string;
  user_agent: string;
  address: string;
  created_ms: number;
  used_ms: number;
  current: boolean;
}

export type Visibility = 'public' | 'unlisted' | 'followers' | 'named' | 'password';

export interface OwnChannel {
  channel: string;
  title: string;
  description: string;
  category: string;
  language: string;
  tags: string[];
  mature: boolean;
  visibility: Visibility;
  owner: string | null;
  version: number;
  state: string;
  viewers: number;
  followers: number;
  following: boolean;
  can: string[];
}

export interface StreamKey {
  id: string;
  name: string;
  created_ms: number;
  used_ms: number | null;
  revoked_ms: number | null;
  key?: string;
}

export type ChannelRole = 'moderator' | 'vip' | 'viewer';

export interface RoleHolder {
  account: string;
  display_name: string;
  role: ChannelRole;
}

export interface PastBroadcast {
  id: string;
  title: string;
  state: string;
  started_ms: number;
  live_ms: number | null;
  ended_ms: number | null;
  peak_viewers: number;
}

export type { AuditEntry, LiveBroadcast } from './rest';
export type { Account };
