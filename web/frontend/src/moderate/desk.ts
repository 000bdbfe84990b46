/** What a moderator has on the desk: read once, then kept by what the room tells. Tells its host when to draw. */

import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { ApiError } from '../lib/api';
import type { RoomEvent } from '../lib/frames';
import type { Watcher } from '../lib/room';
import { asApiError } from '../lib/session';
import { List } from '../people/list';
import type { Decision } from './keys';
import { heldAfter, lineOf, waiting, withChange, withLine, type LogFilter, type QueueEvent, type Waiting } from './records';
import type { Appeal, Held, LogLine, RoomSettings, Server, ChatSettingsChange, Term } from './server';

/** A timeout by one key. Seconds. */
export const TIMEOUT = 600;
const KEPT = 50;
const TRIES = 4;
const NOTICE_MS = 8000;

export class Desk implements ReactiveController, Watcher {
  held: readonly Held[] | null = null;
  appeals: readonly Appeal[] | null = null;
  /** The settings as the server told them last. */
  private known: RoomSettings | null = null;
  /** What was chosen and is not confirmed yet. */
  private chosen: readonly ChatSettingsChange[] = [];
  terms: readonly Term[] | null = null;
  /** Whose messages are marked. */
  watched: ReadonlySet<string> = new Set();
  problem: ApiError | null = null;
  filter: LogFilter = { action: '', name: '', side: 'by' };
  readonly log: List<LogLine>;
  /** What I did and can take back, newest first. */
  mine: readonly LogLine[] = [];
  /** What is told at the edge of the page for a while: what I did last, or why it was refused. */
  notice: { line: LogLine } | { refusal: ApiError } | null = null;
  /** Grows with everything that is done to an account. */
  readonly touched = new Map<string, number>();
  /** Grows whenever lists of people may have changed. */
  people = 0;
  /** What is being decided. */
  readonly busy = new Set<string>();
  me = '';
  private changing: Promise<unknown> = Promise.resolve();

  private dismissal = 0;
  /** What the room told of the queue while it is being read: the answer may be older. */
  private meanwhile: QueueEvent[] | null = null;

  constructor(
    private readonly host: ReactiveControllerHost,
    readonly server: Server,
  ) {
    this.log = new List<LogLine>(host, (query) => server.log(this.filter, query));
    host.addController(this);
  }

  hostDisconnected(): void {
    window.clearTimeout(this.dismissal);
  }

  get waiting(): readonly Waiting[] | null {
    return this.held === null || this.appeals === null ? null : waiting(this.held, this.appeals);
  }

  // ---- what the room tells ----

  fresh(): void {
    void this.read();
  }

  event(event: RoomEvent): void {
    switch (event.kind) {
      case 'held':
      case 'decided':
        this.meanwhile?.push(event);
        if (this.held !== null) this.held = heldAfter(this.held, event);
        break;
      case 'appealed':
        void this.readAppeals();
        return;
      case 'settings':
        if (this.known !== null) this.known = { ...this.known, ...event.settings };
        // Its version is told by the interface only.
        void this.readSettings();
        break;
      case 'modes':
        if (this.known !== null) this.known = { ...this.known, effective: event.modes, shield: event.shield ?? false };
        break;
      case 'logged':
        this.logged(lineOf(event));
        break;
      case 'message':
        this.people += 1;
        return;
      case 'suspected':
        this.people += 1;
        this.watched = new Set([...this.watched].filter((name) => name !== event.name).concat(event.level === 'none' ? [] : event.name));
        break;
      default:
        return;
    }
    this.host.requestUpdate();
  }

  private logged(line: LogLine): void {
    if (this.log.items !== null) this.log.items = [...withLine(this.log.items, line, this.filter)];
    this.mine = this.mine.filter((one) => one.id !== line.undoes);
    if (this.notice !== null && 'line' in this.notice && this.notice.line.id === line.undoes) this.notice = null;
    if (line.account !== null) this.touched.set(line.account, (this.touched.get(line.account) ?? 0) + 1);
    this.people += 1;
    if (line.by === this.me && line.undoes === null) this.show(line);
    if (line.action === 'add_term' || line.action === 'remove_term') void this.readTerms();
    if (line.action.endsWith('_appeal') || line.action === 'unban') void this.readAppeals();
  }

  private show(line: LogLine): void {
    if (line.undoable) this.mine = [line, ...this.mine].slice(0, KEPT);
    this.tell({ line });
  }

  private tell(notice: Desk['notice']): void {
    this.notice = notice;
    window.clearTimeout(this.dismissal);
    this.dismissal = window.setTimeout(() => this.dismiss(), NOTICE_MS);
    this.host.requestUpdate();
  }

  readonly dismiss = (): void => {
    this.notice = null;
    this.host.requestUpdate();
  };

  // ---- reading ----

  /** Everything anew. */
  async read(): Promise<void> {
    const meanwhile: QueueEvent[] = [];
    this.meanwhile = meanwhile;
    try {
      const [held, appeals, settings, terms, suspicious] = await Promise.all([
        this.server.held(),
        this.server.appeals(),
        this.server.settings(),
        this.server.terms(),
        this.server.suspicious(),
        this.log.read(),
      ]);
      this.watched = new Set(suspicious);
      this.held = meanwhile.reduce(heldAfter, held.items);
      this.appeals = appeals.items;
      this.known = settings;
      this.terms = terms;
      this.problem = null;
    } catch (error) {
      this.problem = asApiError(error);
    }
    if (this.meanwhile === meanwhile) this.meanwhile = null;
    this.people += 1;
    this.host.requestUpdate();
  }

  async readAppeals(): Promise<void> {
    if (this.appeals === null) return;
    await this.quietly(async () => {
      this.appeals = (await this.server.appeals()).items;
    });
  }

  private async readTerms(): Promise<void> {
    await this.quietly(async () => {
      this.terms = await this.server.terms();
    });
  }

  filtered(filter: LogFilter): void {
    this.filter = filter;
    this.log.items = null;
    void this.log.read();
    this.host.requestUpdate();
  }

  // ---- doing ----

  /** Does something; what it is refused for is told at the edge of the page. */
  async attempt(work: () => Promise<unknown>): Promise<ApiError | null> {
    try {
      await work();
      return null;
    } catch (error) {
      const refusal = asApiError(error);
      this.tell({ refusal });
      return refusal;
    } finally {
      this.host.requestUpdate();
    }
  }

  /** One keystroke: the decision is the server's to confirm; the item stays until then. */
  async decide(item: Waiting, decision: Decision, text = ''): Promise<void> {
    if (this.busy.has(item.id) || (item.kind === 'appeal' && (decision === 'timeout' || decision === 'ban'))) return;
    this.busy.add(item.id);
    const refusal = await this.attempt(() => this.decided(item, decision, text));
    this.busy.delete(item.id);
    // Somebody else was quicker: it is theirs.
    if (refusal === null || refusal.code === 'already_decided') this.drop(item);
    this.host.requestUpdate();
  }

  private async decided(item: Waiting, decision: Decision, text: string): Promise<void> {
    const { server } = this;
    if (item.kind === 'appeal') {
      await server.answer(item.id, decision === 'allow', text);
      return;
    }
    const { name } = item.held.message.author;
    await server.decide(item.id, decision === 'allow');
    if (decision === 'timeout') await server.timeout(name, TIMEOUT);
    if (decision === 'ban') await server.ban(name, null);
  }

  private drop(item: Waiting): void {
    if (item.kind === 'held') this.held = this.held?.filter((one) => one.message.id !== item.id) ?? null;
    else this.appeals = this.appeals?.filter((one) => one.id !== item.id) ?? null;
  }

  async undo(line: LogLine): Promise<void> {
    if (this.busy.has(line.id)) return;
    this.busy.add(line.id);
    this.host.requestUpdate();
    const refusal = await this.attempt(() => this.server.undo(line.id));
    this.busy.delete(line.id);
    if (refusal === null || refusal.code === 'not_undoable') this.mine = this.mine.filter((one) => one.id !== line.id);
    if (refusal?.code === 'not_undoable' && this.log.items !== null) this.log.items = this.log.items.map((one) => (one.id === line.id ? { ...one, undoable: false } : one));
    this.host.requestUpdate();
  }

  undoLast(): void {
    const [last] = this.mine;
    if (last !== undefined) void this.undo(last);
  }

  /** As they will be once what was chosen is confirmed: a switch stays where it was put. */
  get settings(): RoomSettings | null {
    return this.known === null ? null : this.chosen.reduce(withChange, this.known);
  }

  /** Changes some settings, one after the other; what somebody else changed meanwhile stays as they want it. */
  change(change: ChatSettingsChange): Promise<ApiError | null> {
    this.chosen = [...this.chosen, change];
    const done = this.changing
      .then(() => this.attempt(() => this.changeNow(change)))
      .finally(() => {
        this.chosen = this.chosen.filter((one) => one !== change);
        this.host.requestUpdate();
      });
    this.changing = done;
    this.host.requestUpdate();
    return done;
  }

  private async changeNow(change: ChatSettingsChange): Promise<void> {
    for (let tries = 1; this.known !== null; tries += 1) {
      try {
        this.known = await this.server.change(change, this.known.version);
        return;
      } catch (error) {
        if (asApiError(error).code !== 'precondition_failed' || tries === TRIES) throw error;
        await this.readSettings();
      }
    }
  }

  async turnShield(): Promise<void> {
    const { settings } = this;
    if (settings === null) return;
    await this.attempt(() => (settings.shield ? this.server.lowerShield() : this.server.raiseShield()));
    await this.readSettings();
  }

  private readSettings(): Promise<void> {
    return this.quietly(async () => {
      this.known = await this.server.settings();
    });
  }

  private async quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch {
      // The next word of the room, or the next look, tells.
    }
    this.host.requestUpdate();
  }
}
