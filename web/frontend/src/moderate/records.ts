/** What the moderation page keeps, and how it changes with what the room tells. Pure. */

import type { RoomEvent } from '../lib/frames';
import type { Appeal, ChatSettingsChange, Held, LogLine, RoomSettings } from './server';

export type Waiting = { kind: 'held'; id: string; held: Held } | { kind: 'appeal'; id: string; appeal: Appeal };

/** Oldest first; held messages before appeals, since they go stale. */
export function waiting(held: readonly Held[], appeals: readonly Appeal[]): Waiting[] {
  return [
    ...held.map((one): Waiting => ({ kind: 'held', id: one.message.id, held: one })),
    ...appeals.map((one): Waiting => ({ kind: 'appeal', id: one.id, appeal: one })),
  ];
}

export type QueueEvent = Extract<RoomEvent, { kind: 'held' | 'decided' }>;

/** The held messages after what the room told; what is known already is not there twice. */
export function heldAfter(list: readonly Held[], event: QueueEvent): readonly Held[] {
  if (event.kind === 'decided') return list.filter((one) => one.message.id !== event.id);
  const { message, why } = event;
  return list.some((one) => one.message.id === message.id) ? list : [...list, { message, why, created_ms: message.at }];
}

/** Which one is looked at when `gone` is no longer there: the one that stood after it, else before it, else the first. */
export function successor(before: readonly string[], now: readonly string[], gone: string): string {
  const at = before.indexOf(gone);
  if (at < 0) return now[0] ?? '';
  return before.slice(at + 1).find((id) => now.includes(id)) ?? before.slice(0, at).findLast((id) => now.includes(id)) ?? now[0] ?? '';
}

/** The one `by` places further, without leaving the list. */
export function moved(ids: readonly string[], from: string, by: number): string {
  const at = ids.indexOf(from);
  if (at < 0) return ids[0] ?? '';
  return ids[Math.max(0, Math.min(ids.length - 1, at + by))] ?? '';
}

export interface LogFilter {
  action: string;
  /** An account's name, as the one who did it (`by`) or to whom (`account`). */
  name: string;
  side: 'by' | 'account';
}

export function fits(line: LogLine, filter: LogFilter): boolean {
  if (filter.action !== '' && line.action !== filter.action) return false;
  return filter.name === '' || line[filter.side] === filter.name;
}

export type Logged = Extract<RoomEvent, { kind: 'logged' }>;

/** What can't be taken back: answered, asked, said, or itself bringing something back. */
const FINAL: ReadonlySet<string> = new Set(['restore', 'unnote', 'grant_appeal', 'deny_appeal', 'pin', 'unpin', 'announce', 'open_poll', 'close_poll', 'add_emote', 'remove_emote']);

/** A line of the log as the room tells it. */
export function lineOf(event: Logged): LogLine {
  return {
    id: event.id,
    action: event.action as LogLine['action'],
    by: event.by === '' ? null : event.by,
    account: event.subject === '' ? null : event.subject,
    message: event.message ? event.message : null,
    reason: event.reason ?? '',
    data: event.data ?? {},
    undoes: event.undoes ? event.undoes : null,
    undone_by: null,
    undoable: !FINAL.has(event.action),
    at_ms: event.at ?? 0,
  };
}

/** The log with a new line on top; the line it undoes says so. */
export function withLine(lines: readonly LogLine[], line: LogLine, filter: LogFilter): readonly LogLine[] {
  const marked = line.undoes === null ? lines : lines.map((one) => (one.id === line.undoes ? { ...one, undone_by: line.id, undoable: false } : one));
  return !fits(line, filter) || marked.some((one) => one.id === line.id) ? marked : [line, ...marked];
}

/** Settings with a change, whose records are merged name by name as the server merges them. */
export function withChange(settings: RoomSettings, change: ChatSettingsChange): RoomSettings {
  return merged(settings as unknown as Tree, change as Tree) as unknown as RoomSettings;
}

type Tree = { [name: string]: unknown };

function merged(before: Tree, change: Tree): Tree {
  const after = { ...before };
  for (const [name, value] of Object.entries(change)) {
    const old = after[name];
    after[name] = isTree(old) && isTree(value) ? merged(old, value) : value;
  }
  return after;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
