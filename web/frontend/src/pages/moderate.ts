/** `/moderate/<channel>`: queue, chat and person side by side, each alone on a phone. */

import '../styles/base.css';
import '../styles/people.css';
import '../styles/chat.css';
import '../styles/moderate.css';
import '../chat/panel';
import '../moderate/log';
import '../moderate/modes';
import '../moderate/people';
import '../moderate/person';
import '../moderate/queue';
import '../moderate/shortcuts';
import '../parts/top';
import { CircleHelp, ExternalLink, MonitorPlay, ShieldCheck, WifiOff } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { realtime } from '../chat/connection';
import type { ChatPanel } from '../chat/panel';
import type { ApiError } from '../lib/api';
import type { Message } from '../lib/frames';
import { rest, type Account, type Channel } from '../lib/rest';
import { asApiError } from '../lib/session';
import { recall, remember } from '../lib/storage';
import { Desk } from '../moderate/desk';
import { edge } from '../moderate/edge';
import { commandOf, TABS, type Command, type Tab } from '../moderate/keys';
import { Layout, showing } from '../moderate/layout';
import type { Person } from '../moderate/person';
import type { Queue } from '../moderate/queue';
import { Server } from '../moderate/server';
import type { Shortcuts } from '../moderate/shortcuts';
import { tabs } from '../moderate/tabs';
import { channelOfPath } from '../parts/element';
import { icon } from '../parts/icon';
import { mark } from '../parts/mark';
import { PeoplePage } from '../people/page';
import { problemNotice } from '../people/form';
import { texts } from '../texts';
import { moderation } from '../moderate/texts';

const words = moderation;

@customElement('fl-moderate')
export class Moderate extends PeoplePage {
  @state() private channel: Channel | null = null;
  @state() private refusal: ApiError | null = null;
  @state() private tab: Tab = TABS.find((one) => one === window.location.hash.slice(1)) ?? 'queue';
  @state() private person = new URLSearchParams(window.location.search).get('person') ?? '';
  @state() private message: Message | null = null;
  @state() private picture = recall('moderate.picture') === 'yes';
  @query('fl-queue') private queue!: Queue | null;
  @query('fl-person') private card!: Person | null;
  @query('fl-moderate-keys') private shortcuts!: Shortcuts | null;
  @query('fl-chat') private chat!: ChatPanel | null;

  private readonly name = channelOfPath(window.location.pathname);
  private readonly desk = new Desk(this, new Server(this.name));
  private readonly layout = new Layout(this);
  /** What stood in the first column before people or the chat took its place. */
  private first: Tab = 'queue';
  private unlisten: () => void = () => undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('keydown', this.onKey);
    this.unlisten = realtime().listen(() => this.requestUpdate());
    if (this.person !== '' && this.tab === 'queue') this.tab = 'people';
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('keydown', this.onKey);
    this.unlisten();
  }

  protected override signedIn(account: Account): void {
    this.desk.me = account.name;
    void this.read();
  }

  private readonly read = async (): Promise<void> => {
    this.refusal = null;
    try {
      this.channel = await rest.live.channel(this.name);
    } catch (error) {
      this.refusal = asApiError(error);
    }
  };

  protected override render(): TemplateResult {
    const n = this.desk.waiting?.length ?? 0;
    document.title = `${n > 0 ? `(${n}) ` : ''}${words.page(this.name)}`;
    return html`<fl-top here="moderate"></fl-top>${this.content()}`;
  }

  private content(): TemplateResult {
    const { refusal, channel } = this;
    if (refusal !== null) return refusal.status === 404 ? this.closed('missing') : refusal.status === 403 ? this.closed('not_allowed') : this.closed('error');
    if (channel !== null && !channel.can.includes('moderate')) return this.closed('not_allowed');
    if (!this.account || channel === null) return this.waiting();
    return this.whole(channel);
  }

  protected override waiting(): TemplateResult {
    const { layout } = this.layout;
    const column = (name: string): TemplateResult => html`<div class=${`column ${name}`} aria-hidden="true">${[70, 90, 45, 80, 60].map((width) => html`<div class="skeleton line" .style=${`inline-size: ${width}%`}></div>`)}</div>`;
    return html`<main id="content" class="moderate" tabindex="-1" data-layout=${layout} data-tab="queue">
      <header class="bar"><h1 class="hidden-text" role="status">${words.loading}</h1><div class="skeleton heading" aria-hidden="true"></div></header>
      <div class="tabs" aria-hidden="true"></div>
      ${column('left')} ${layout === 'phone' ? nothing : column('chat-column')} ${layout === 'wide' ? column('people-column') : nothing}
    </main>`;
  }

  private closed(why: 'missing' | 'not_allowed' | 'error'): TemplateResult {
    const said = words.refused[why];
    return html`<main id="content" class="page people closed" tabindex="-1" data-why=${why}>
      <div class="nothing" role="status">${mark('dim')}
        <h1>${said.title}</h1>
        <p>${said.body}</p>
        ${why === 'error' && this.refusal !== null ? problemNotice(this.refusal) : nothing}
        <p class="buttons">
          ${why === 'error' ? html`<button class="button primary" type="button" @click=${this.read}>${texts.retry}</button>` : nothing}
          ${why === 'not_allowed' ? html`<a class="button primary" href=${`/watch/${this.name}`}>${words.watch}</a>` : nothing}
          <a class="button" href="/dashboard">${words.refused.back}</a>
        </p>
      </div>
    </main>`;
  }

  private whole(channel: Channel): TemplateResult {
    const { layout } = this.layout;
    const { selected, visible, left, chat, people } = showing(layout, this.tab, this.first);
    const counts = { queue: this.desk.waiting?.length ?? 0 };
    return html`
      <main id="content" class="moderate" tabindex="-1" data-layout=${layout} data-tab=${selected}>
        ${this.bar(channel)}
        ${tabs(visible, selected, counts, (tab) => this.go(tab))}
        <section id=${`panel-${selected === 'chat' || selected === 'people' ? this.first : selected}`} class="column left" role="tabpanel" aria-labelledby=${`tab-${selected}`} ?hidden=${!left}>
          ${this.problem()} ${this.firstColumn(selected === 'chat' || selected === 'people' ? this.first : selected)}
        </section>
        <section id="panel-chat" class="column chat-column" aria-label=${words.tabs['chat']} ?hidden=${!chat} @click=${this.onChatClick}>
          ${this.pictureOf()}
          <fl-chat .channel=${channel.channel} .watcher=${this.desk} .watched=${this.desk.watched} .inspect=${this.inspect}></fl-chat>
        </section>
        <section id="panel-people" class="column people-column" aria-label=${words.tabs['people']} data-column="person" ?hidden=${!people}>${this.peopleOf()}</section>
        ${edge(this.desk)}
        <fl-moderate-keys></fl-moderate-keys>
      </main>
    `;
  }

  private bar(channel: Channel): TemplateResult {
    const { settings } = this.desk;
    return html`<header class="bar">
      <h1>${words.title(channel.title || channel.channel)}</h1>
      ${settings?.shield ? html`<button class="badge shield-up" type="button" @click=${() => this.go('modes')}>${icon(ShieldCheck)}${words.shield.up}</button>` : nothing}
      <span class="space"></span>
      <button class="button quiet" type="button" title=${this.picture ? words.picture.hide : words.picture.show} @click=${this.turnPicture}>${icon(MonitorPlay)}<span class="wide-words">${this.picture ? words.picture.hide : words.picture.show}</span></button>
      <a class="button quiet" href=${`/watch/${channel.channel}`} title=${words.watch}>${icon(ExternalLink)}<span class="wide-words">${words.watch}</span></a>
      <button class="button quiet square keys-button" type="button" aria-label=${words.help} title=${words.help} aria-keyshortcuts="?" @click=${() => this.shortcuts?.show()}>${icon(CircleHelp)}</button>
      ${this.stale()}
    </header>`;
  }

  private stale(): TemplateResult | typeof nothing {
    const { kind } = realtime().state;
    // While it is reached for the first time nothing is old yet.
    if (kind === 'online' || this.desk.waiting === null || kind === 'connecting') return nothing;
    return html`<p class="stale" role="status">${icon(WifiOff)}${words.stale}</p>`;
  }

  private problem(): TemplateResult | typeof nothing {
    const { problem } = this.desk;
    if (problem === null) return nothing;
    return html`<div class="part-problem">${problemNotice(problem)}<button class="button small" type="button" @click=${() => this.desk.read()}>${texts.retry}</button></div>`;
  }

  private firstColumn(tab: Tab): TemplateResult {
    const { desk } = this;
    const open = (account: string): void => this.open(account);
    switch (tab) {
      case 'log':
        return html`<fl-log .desk=${desk} .open=${open} .lines=${desk.log.items} .busy=${desk.busy.size}></fl-log>`;
      case 'modes':
        return html`<fl-modes .desk=${desk} .settings=${desk.settings}></fl-modes>`;
      case 'filters':
        void import('../moderate/filters');
        return html`<fl-filters .desk=${desk} .settings=${desk.settings} .terms=${desk.terms}></fl-filters>`;
      default:
        return html`<fl-queue .desk=${desk} .open=${open} .items=${desk.waiting} .busy=${desk.busy.size}></fl-queue>`;
    }
  }

  private peopleOf(): TemplateResult {
    const { desk, person } = this;
    if (person === '') return html`<fl-chatters .desk=${desk} .open=${(account: string) => this.open(account)} .changes=${desk.people}></fl-chatters>`;
    return html`<fl-person .desk=${desk} .account=${person} .message=${this.message} .touched=${desk.touched.get(person) ?? 0} .close=${this.closePerson}></fl-person>`;
  }

  private pictureOf(): TemplateResult | typeof nothing {
    if (!this.picture) return nothing;
    void import('../moderate/picture');
    return html`<fl-moderate-picture .channel=${this.name}></fl-moderate-picture>`;
  }

  // ---- what somebody does ----

  private go(tab: Tab): void {
    if (tab !== 'chat' && tab !== 'people') this.first = tab;
    this.tab = tab;
    this.keepAddress();
    // A list that was not seen does not know where its end is.
    if (tab === 'chat') void this.updateComplete.then(() => this.chat?.querySelector<HTMLElement & { requestUpdate(): void }>('fl-chat-list')?.requestUpdate());
  }

  private open(account: string, message: Message | null = null): void {
    this.person = account;
    this.message = message;
    if (this.tab !== 'chat' && this.tab !== 'people') this.first = this.tab;
    if (this.layout.layout !== 'wide') this.tab = 'people';
    this.keepAddress();
  }

  private readonly inspect = (entry: { message: Message }): void => this.open(entry.message.author.name, entry.message);

  private readonly closePerson = (): void => {
    this.person = '';
    this.message = null;
    this.keepAddress();
  };

  private keepAddress(): void {
    const query = this.person === '' ? '' : `?person=${encodeURIComponent(this.person)}`;
    window.history.replaceState(null, '', `${window.location.pathname}${query}#${this.tab}`);
  }

  private readonly turnPicture = (): void => {
    this.picture = !this.picture;
    remember('moderate.picture', this.picture ? 'yes' : 'no');
  };

  private readonly onChatClick = (event: Event): void => {
    const target = event.target as Element;
    if (target.closest('button, a, input, dialog') || window.getSelection()?.isCollapsed === false) return;
    const key = target.closest<HTMLElement>('.row[data-key]')?.dataset['key'];
    if (key !== undefined) this.chat?.show(key);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const at = document.activeElement;
    if (this.channel === null || event.defaultPrevented || document.querySelector('dialog[open]') !== null) return;
    const field = at?.matches('input:not([type=checkbox]), textarea, select, [contenteditable]') ?? false;
    const command = commandOf({
      key: event.key,
      modified: event.ctrlKey || event.metaKey || event.altKey,
      focus: field ? 'field' : at?.closest('.people-column') ? 'person' : at?.closest('.chat-column') ? 'chat' : at?.closest('fl-queue') ? 'queue' : 'elsewhere',
      queue: (this.desk.waiting?.length ?? 0) > 0 && this.queue !== null && this.queue.offsetParent !== null,
      person: this.card !== null && this.card.offsetParent !== null,
    });
    if (command === null) return;
    event.preventDefault();
    this.obey(command);
  };

  private obey(command: Command): void {
    switch (command.what) {
      case 'move':
        return this.queue?.move(command.by);
      case 'decide':
        return this.queue?.decideCurrent(command.decision);
      case 'open':
        return this.queue?.openCurrent();
      case 'undo':
        return this.desk.undoLast();
      case 'shield':
        return void this.desk.turnShield();
      case 'help':
        return this.shortcuts?.show();
      case 'close':
        return this.closePerson();
      case 'form':
        return void this.card?.form(command.form);
      case 'tab':
        this.go(command.tab);
        return void this.updateComplete.then(() => this.querySelector<HTMLElement>(`#tab-${command.tab}, #panel-${command.tab} input`)?.focus());
      case 'search':
        this.closePerson();
        if (this.layout.layout !== 'wide') this.go('people');
        return void this.updateComplete.then(() => this.querySelector<HTMLElement>('fl-chatters input[name=account]')?.focus());
    }
  }
}
