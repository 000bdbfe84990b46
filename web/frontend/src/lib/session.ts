/** Who is signed in, asked once a page. Requests that change something carry the session's CSRF token. */

import { ApiError, request } from './api';
import type { SessionState } from './rest';

let known: Promise<SessionState> | null = null;

/** The state of this browser's session; a stranger's where the server does not answer. */
export function session(): Promise<SessionState> {
  known ??= request('/api/v1/session', { cache: 'no-store' })
    .then((response) => response.json() as Promise<SessionState>)
    .catch(() => {
      known = null;
      return { account: null, csrf: '' };
    });
  return known;
}

/** Ask again: somebody signed in or out. */
export function forgetSession(): void {
  known = null;
}

/** How long a picture may take on its way, on a phone too. */
const UPLOAD_MS = 60_000;

const SAFE = new Set(['GET', 'HEAD']);

/**
 * One call of the REST interface, as the signed-in person.
 *
 * @param version - of the record as it was read, for what is changed (`If-Match`).
 */
export async function call<T>(method: string, path: string, body?: unknown, version?: number): Promise<T> {
  const headers: Record<string, string> = {};
  if (!SAFE.has(method)) headers['X-CSRF-Token'] = (await session()).csrf;
  if (version !== undefined) headers['If-Match'] = `"v${version}"`;
  const init: RequestInit = { method, headers, cache: 'no-store' };
  if (body instanceof Blob) init.body = body;
  else if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  const response = await (body instanceof Blob ? request(`/api/v1${path}`, init, UPLOAD_MS) : request(`/api/v1${path}`, init));
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, 'page', error instanceof Error ? error.message : String(error));
}

/** A path of this site to go back to, or the fallback: never another site. */
export function returnPath(search: string, fallback: string): string {
  const wanted = new URLSearchParams(search).get('next') ?? '';
  return /^\/(?![/\\])/.test(wanted) ? wanted : fallback;
}

/** Go to the sign-in page and come back here. */
export function askToSignIn(): void {
  window.location.assign(`/signin?next=${encodeURIComponent(window.location.pathname + window.location.search)}`);
}
