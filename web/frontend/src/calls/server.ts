/** What calls ask of the REST interface. */

import { call as ask } from '../lib/session';
import type { Page } from '../lib/rest';

export interface Looked {
  title: string;
  host: { name: string; shown: string };
  guests: boolean;
  locked: boolean;
  lobby: boolean;
}

export interface Invite {
  id: string;
  guests: boolean;
  uses_left: number | null;
  expires_ms: number;
  secret?: string;
}

const at = (name: string): string => `/calls/${encodeURIComponent(name)}`;

export type RelayOnly = 'guests' | 'everybody' | 'nobody';

export interface CallEntry {
  name: string;
  title: string;
  mine: boolean;
  people: string[];
  created_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
  how_ended: string;
  quality?: Record<string, number>;
}

export interface CallMade {
  name: string;
}

export const server = {
  list: (query: Record<string, string>): Promise<Page<CallEntry>> => ask('GET', `/calls?${new URLSearchParams(query).toString()}`),
  delete: (name: string): Promise<void> => ask('DELETE', at(name)),
  forget: (name: string): Promise<void> => ask('DELETE', `/account/calls/${encodeURIComponent(name)}`),
  create: (wanted: { title: string; lobby: boolean; relay_only: RelayOnly }): Promise<CallMade> => ask('POST', '/calls', wanted),
  look: (name: string, invite: string): Promise<Looked> => ask('POST', `${at(name)}/look`, invite === '' ? {} : { invite }),
  invites: (name: string): Promise<Page<Invite>> => ask('GET', `${at(name)}/invites`),
  invite: (name: string, wanted: { minutes: number; single_use: boolean; guests: boolean }): Promise<Invite> => ask('POST', `${at(name)}/invites`, wanted),
  revoke: (name: string, invite: string): Promise<void> => ask('DELETE', `${at(name)}/invites/${encodeURIComponent(invite)}`),
};
