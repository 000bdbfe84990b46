/** Requests to the server, with a deadline and their refusals as errors. What can be asked is in rest.ts; here is what it has no words for. */

import type { LatencyReport, SessionStatistics } from './rest';

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

export const api = {
  /** A session's numbers, for whoever shows its key in `headers`. */
  statistics: async (channel: string, headers: Record<string, string>): Promise<SessionStatistics> =>
    (await (await request(`/api/v1/channels/${encodeURIComponent(channel)}/session/statistics`, { headers })).json()) as SessionStatistics,
  /** How far behind a player is; sent although the page may be closing, and nobody waits for it. */
  reportLatency: (channel: string, player: string, latencyMs: number): void => {
    const body = JSON.stringify({ player, latency_ms: Math.round(latencyMs) } satisfies LatencyReport);
    request(`/api/v1/channels/${encodeURIComponent(channel)}/latency`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
      keepalive: true,
    }).catch(() => undefined);
  },
};
