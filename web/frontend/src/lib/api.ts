/** The REST interface as the pages see it; its records are those of rest.ts, made from its description. */

import type { Latency, Picture, SessionStatistics } from './rest';

export type { Latency, Picture, SessionStatistics };

export type ChannelState = 'offline' | 'starting' | 'live' | 'interrupted' | 'ended';

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
  visibility: string;
  following: boolean;
  can: string[];
}

export interface Broadcasts {
  broadcasts: Channel[];
}

/** A refusal by the server (RFC 9457), or `network` when there was no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly retryAfter = 0,
  ) {
    super(detail);
  }
}

const LONGEST_WAIT_MS = 8000;

/** Reads the problem out of a refusal; never throws. */
export async function problemOf(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get('Retry-After') ?? 0) || 0;
  try {
    const body: unknown = await response.json();
    if (body !== null && typeof body === 'object' && 'code' in body && 'detail' in body) {
      return new ApiError(response.status, String(body.code), String(body.detail), retryAfter);
    }
  } catch {
    // Not JSON: a proxy in between answered.
  }
  return new ApiError(response.status, `http_${response.status}`, response.statusText, retryAfter);
}

/** `fetch` with a deadline, whose every failure is an ApiError. */
export async function request(url: string, init: RequestInit = {}, deadlineMs = LONGEST_WAIT_MS): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(deadlineMs) });
  } catch (error) {
    throw new ApiError(0, 'network', error instanceof Error ? error.message : String(error));
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function read<T>(path: string, init: RequestInit = {}): Promise<T> {
  return (await (await request(path, init)).json()) as T;
}

export const api = {
  broadcasts: (): Promise<Broadcasts> => read('/api/v1/broadcasts'),
  channel: (name: string): Promise<Channel> => read(`/api/v1/channels/${encodeURIComponent(name)}`),
  statistics: (channel: string, headers: Record<string, string>): Promise<SessionStatistics> =>
    read(`/api/v1/channels/${encodeURIComponent(channel)}/session/statistics`, { headers }),
  reportLatency: (channel: string, player: string, latencyMs: number): void => {
    const body = JSON.stringify({ player, latency_ms: Math.round(latencyMs) });
    request(`/api/v1/channels/${encodeURIComponent(channel)}/latency`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
      keepalive: true,
    }).catch(() => undefined);
  },
};
