/** Which of the list's rows are drawn: at most `ROWS`, the newest while somebody follows, a stretch of the past while they read back. Pure. */

export const ROWS = 200;
export const STEP = 60;

/** `end` is exclusive. `follows`: the newest row is the last one, whatever comes. */
export interface Window {
  start: number;
  end: number;
  follows: boolean;
}

export const NEWEST: Window = { start: 0, end: 0, follows: true };

/** The window over `length` rows; what follows is moved to the end. */
export function over(window: Window, length: number): Window {
  if (window.follows) return { start: Math.max(0, length - ROWS), end: length, follows: true };
  const end = Math.min(window.end, length);
  return { start: Math.min(Math.max(0, window.start), Math.max(0, end - 1)), end, follows: false };
}

/** Rows went from or came to the beginning: the window stays with the rows it showed. */
export function shifted(window: Window, by: number): Window {
  if (window.follows) return window;
  return { ...window, start: Math.max(0, window.start + by), end: Math.max(1, window.end + by) };
}

/** Somebody scrolls away from the newest: what is drawn stays drawn, and grows while there is room. */
export function leave(window: Window): Window {
  return { ...window, follows: false };
}

/** Towards the past, the far end is let go. */
export function older(window: Window): Window {
  const start = Math.max(0, window.start - STEP);
  return { start, end: Math.min(window.end, start + ROWS), follows: false };
}

/** Towards the newest; at the end it follows again. */
export function newer(window: Window, length: number): Window {
  const end = Math.min(length, window.end + STEP);
  return { start: Math.max(window.start, end - ROWS), end, follows: false };
}

/** New rows are drawn below what is read as long as there is room, so that scrolling down is just scrolling. */
export function grown(window: Window, length: number): Window {
  if (window.follows) return over(window, length);
  return { ...window, end: Math.max(window.end, Math.min(length, window.start + ROWS)) };
}
