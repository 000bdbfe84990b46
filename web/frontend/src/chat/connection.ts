/** The page's one realtime socket, in a browser. */

import { rest } from '../lib/rest';
import { asApiError, forgetSession } from '../lib/session';
import { RealtimeSocket, type Wire } from '../lib/socket';

let shared: RealtimeSocket | null = null;

export function realtime(): RealtimeSocket {
  if (shared !== null) return shared;
  const socket = new RealtimeSocket({
    open: (url) => new WebSocket(url) as Wire,
    ticket,
    now: () => performance.timeOrigin + performance.now(),
    later: (milliseconds, call) => {
      const timer = window.setTimeout(call, milliseconds);
      return () => window.clearTimeout(timer);
    },
    random: Math.random,
    // Not randomUUID: pages by plain http have none.
    id: () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16).padStart(8, '0')).join(''),
  });
  window.addEventListener('online', () => socket.nudge());
  networkOf()?.addEventListener('change', () => socket.nudge());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') socket.nudge();
  });
  shared = socket;
  return socket;
}

/** What tells of another network, where the browser has it. */
export function networkOf(): EventTarget | null {
  return (navigator as { connection?: EventTarget }).connection ?? null;
}

async function ticket(): Promise<{ ticket: string; url: string }> {
  try {
    return await rest.sockets.create();
  } catch (error) {
    const problem = asApiError(error);
    // Signed in or out in another tab: the next attempt asks who we are.
    if (problem.status === 401 || problem.status === 403) forgetSession();
    throw problem;
  }
}
