/** `/calls/<name>`: a call, from the look into the mirror to the good-bye. */

import '../styles/base.css';
import '../styles/calls.css';
import '../calls/bar';
import '../calls/check';
import '../calls/stage';
import '../parts/copy';
import '../parts/top';
import { CircleAlert, Lock, WifiOff, X } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Panel } from '../calls/bar';
import { commandOf } from '../calls/keys';
import type { Box } from '../calls/layout';
import { wantedHeight } from '../calls/layout';
import type { CallPicture } from '../calls/picture';
import { CallSession, type Notice } from '../calls/session';
import type { Picture, Stage } from '../calls/stage';
import { words } from '../calls/texts';
import type { ApiError } from '../lib/api';
import { clock } from '../lib/format';
import { rest, type Account, type CallPreview } from '../lib/rest';
import { asApiError, session as whoIsIt } from '../lib/session';
import { channelOfPath, PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { mark } from '../parts/mark';
import { problemNotice } from '../people/form';
import { texts } from '../texts';

const NOTICE_MS = 5_000;
const NOTICES = 3;

@customElement('fl-call')
export class CallPage extends PageElement {
  @state() private looked: CallPreview | null = null;
  @state() private refusal: ApiError | null = null;
  @state() private account: Account | null = null;
  @state() private version = 0;
  @state() private panel: Panel = '';
  @state() private large = '';
  @state() private notices: { id: number; text: string }[] = [];
  @query('fl-call-stage') private stage!: Stage | null;
  @query('dialog.shortcuts') private keys!: HTMLDialogElement | null;

  private readonly name = channelOfPath(window.location.pathname);
  private readonly invite = window.location.hash.slice(1);
  private readonly session = new CallSession(this.name, this.invite, () => this.draw(), (notice) => this.note(notice));
  private frame = 0;
  private noted = 0;
  private screens = '';
  private guest = '';
  /** Who goes from button to button by key presses them with the space bar; everybody else talks with it. */
  private tabbed = false;

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('keydown', this.onKey);
    window.addEventListener('keyup', this.onKeyUp);
    window.addEventListener('blur', this.onBlur);
    window.addEventListener('pointerdown', this.onPointer);
    document.addEventListener('visibilitychange', this.onSeen);
    this.session.start();
    void this.begin();
    // What is opened in a call is there before anybody opens it, but does not keep the page waiting.
    void Promise.all([import('../calls/people'), import('../calls/settings'), import('../calls/talk')]);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('keydown', this.onKey);
    window.removeEventListener('keyup', this.onKeyUp);
    window.removeEventListener('blur', this.onBlur);
    window.removeEventListener('pointerdown', this.onPointer);
    document.removeEventListener('visibilitychange', this.onSeen);
    this.session.stop();
  }

  private readonly begin = async (): Promise<void> => {
    this.refusal = null;
    try {
      const [{ account }, looked] = await Promise.all([whoIsIt(), rest.calls.look(this.name, this.invite === '' ? {} : { invite: this.invite })]);
      this.account = account;
      this.looked = looked;
    } catch (error) {
      const refusal = asApiError(error);
      // Whoever has a seat here may come back to it, also by a link that was for one use.
      if (refusal.status === 404 && this.session.call.hasSeat) this.looked = { title: '', host: { name: '', shown: '' }, guests: true, locked: false, lobby: false };
      else {
        this.refusal = refusal;
        return;
      }
    }
    await this.session.devices.start();
    // The page was loaded anew in the middle of a call.
    if (this.session.call.hasSeat) this.join('');
  };

  private draw(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.version += 1;
    });
  }

  private note(notice: Notice): void {
    const text = words.notices[notice.what]?.(notice.name);
    if (text === undefined) return;
    const id = (this.noted += 1);
    this.notices = [...this.notices, { id, text }].slice(-NOTICES);
    window.setTimeout(() => (this.notices = this.notices.filter((one) => one.id !== id)), NOTICE_MS);
  }

  protected override willUpdate(): void {
    // Whose screen is new is shown large, until somebody chooses otherwise.
    const screens = this.session.call.seats.filter((seat) => seat.screen).map((seat) => seat.seat);
    if (screens.join() === this.screens) return;
    const added = screens.find((seat) => !this.screens.split(',').includes(seat));
    if (added !== undefined) this.large = `${added} screen`;
    this.screens = screens.join();
  }

  protected override updated(_: PropertyValues<this>): void {
    const { title } = this.session.call;
    document.title = words.call.page(title === '' ? (this.looked?.title ?? '') : title);
    document.documentElement.classList.toggle('in-call', this.session.call.phase.kind === 'in');
  }

  protected override render(): TemplateResult {
    const { phase } = this.session.call;
    if (phase.kind === 'in') return this.inside();
    return html`<fl-top here="calls"></fl-top><main id="content" class="page before-call" tabindex="-1" data-phase=${this.refusal !== null ? 'unknown' : phase.kind}>${this.outside()}</main>`;
  }

  private outside(): TemplateResult {
    const { refusal, looked } = this;
    const { phase } = this.session.call;
    if (refusal !== null) return refusal.status === 404 ? this.message(words.call.unknown, 'dim') : this.message({ ...words.call.unreachable, body: '' }, 'dim', html`${problemNotice(refusal)}<button class="button primary" type="button" @click=${this.begin}>${texts.retry}</button>`);
    if (looked === null) return html`<h1 class="hidden-text" role="status">${words.call.loading}</h1><div class="call-check" aria-hidden="true"><div class="preview skeleton"></div><div class="panel"><div class="skeleton line"></div><div class="skeleton line"></div><div class="skeleton line"></div></div></div>`;
    if (!('RTCPeerConnection' in window)) return this.message(words.over['call_browser'] ?? words.call.unreachable, 'dim');
    switch (phase.kind) {
      case 'entering':
      case 'knocking':
        return this.waiting(phase.kind);
      case 'over':
      case 'left':
        return this.farewell(phase.kind === 'left' ? 'left' : phase.code, phase.kind === 'left' ? '' : phase.detail);
      case 'refused':
        if (phase.code === 'name_invalid') break;
        return this.farewell(phase.code, phase.detail);
      default:
    }
    return html`<fl-call-check .devices=${this.session.devices} .looked=${looked} .account=${this.account} .version=${this.version} .problem=${phase.kind === 'refused' ? (words.over[phase.code]?.body ?? phase.detail) : ''} .join=${(guest: string) => this.join(guest)}></fl-call-check>`;
  }

  private message(said: { title: string; body: string }, look: 'dim' | 'loading', more: TemplateResult | typeof nothing = nothing): TemplateResult {
    return html`<div class="nothing" role="status">${mark(look)}<h1>${said.title}</h1><p>${said.body}</p><div class="buttons">${more}<a class="button" href=${this.account === null ? '/' : '/calls'}>${this.account === null ? words.call.home : words.call.mine}</a></div></div>`;
  }

  private waiting(kind: 'entering' | 'knocking'): TemplateResult {
    const offline = !this.session.call.reachable && this.session.call.phase.kind === 'entering';
    return html`<div class="nothing" role="status">${mark('loading')}<h1>${kind === 'knocking' ? words.wait.knocking : words.wait.entering}</h1><p>${kind === 'knocking' ? words.wait.knockingBody : offline ? words.wait.offline : ''}</p><div class="buttons"><button class="button" type="button" @click=${() => this.session.leave()}>${words.wait.cancel}</button></div></div>`;
  }

  private farewell(code: string, detail: string): TemplateResult {
    const said = words.over[code] ?? { title: words.otherwise, body: detail };
    const final = code === 'call_ended' || code === 'call_removed';
    return html`<div class="nothing" role="status" data-code=${code}>${mark('dim')}<h1>${said.title}</h1><p>${said.body}</p>
      <div class="buttons">${final ? nothing : html`<button class="button primary" type="button" @click=${() => this.join(this.guest)}>${words.again}</button>`}<a class="button" href=${this.account === null ? '/' : '/calls'}>${this.account === null ? words.call.home : words.call.mine}</a></div>
      ${code === 'left' ? nothing : html`<p class="code-line">${texts.code} <code>${code}</code></p>`}</div>`;
  }

  private inside(): TemplateResult {
    const { session, panel } = this;
    const { call, devices } = session;
    const pictures = this.pictures();
    const title = call.title === '' ? words.call.untitled : call.title;
    return html`<div class="call" data-panel=${panel} data-people=${call.seats.length}>
      <header class="call-head">
        <h1>${title}</h1>
        ${call.locked ? html`<span class="badge dark">${icon(Lock)}<span class="hidden-text">${words.check.locked}</span></span>` : nothing}
        <time class="numbers" aria-hidden="true">${clock((performance.now() - session.since) / 1000)}</time>
        ${call.reachable ? nothing : html`<span class="badge dark" title=${words.notices['no_server']?.('')}>${icon(WifiOff)}</span>`}
      </header>
      <main id="content" class="call-main" tabindex="-1">
        <fl-call-stage .pictures=${pictures} .large=${pictures.some((one) => one.key === this.large) ? this.large : ''} .choose=${(key: string) => (this.large = key)} .sized=${this.onSized}></fl-call-stage>
        ${call.seats.length === 1 ? this.alone() : nothing}
        <div class="call-notices">
          ${session.uplink.audioOnly ? html`<p class="notice warn" role="alert">${icon(CircleAlert)}<span class="said">${words.notices['audio_only']?.('')}</span><button class="button small" type="button" @click=${() => session.insistOnPictures()}>${words.insist}</button></p>` : nothing}
          ${call.relays?.address_visible ? html`<p class="notice">${icon(CircleAlert)}<span class="said">${words.check.visible}</span></p>` : nothing}
          ${call.mayDirect && panel !== 'people' && call.knocks[0] !== undefined ? html`<p class="notice"><span class="said">${words.notices['knock']?.(call.knocks[0].name)}</span><button class="button small primary" type="button" @click=${() => (this.panel = 'people')}>${words.people.title}</button></p>` : nothing}
          <div role="status">${this.notices.map((one) => html`<p class="notice toast">${one.text}</p>`)}</div>
        </div>
      </main>
      ${panel === '' ? nothing : this.side()}
      <fl-call-bar .session=${session} .version=${this.version} .panel=${panel} .open=${(wanted: Panel) => this.open(wanted)} .act=${this.act}></fl-call-bar>
      <div hidden>${repeat(session.peers(), (peer) => peer.seat, (peer) => html`<fl-call-sound .track=${peer.received.microphone ?? null} .loudspeaker=${devices.loudspeaker}></fl-call-sound><fl-call-sound .track=${call.seat(peer.seat)?.screen ? (peer.received.sound ?? null) : null} .loudspeaker=${devices.loudspeaker}></fl-call-sound>`)}</div>
      ${this.shortcuts()}
    </div>`;
  }

  private alone(): TemplateResult {
    return html`<div class="alone"><h2>${words.stage.alone}</h2><p>${words.stage.aloneBody}</p>${this.session.call.mayDirect && this.panel !== 'people' ? html`<button class="button primary" type="button" @click=${() => (this.panel = 'people')}>${words.invites.title}</button>` : nothing}</div>`;
  }

  private pictures(): Picture[] {
    const { session } = this;
    const { call, devices } = session;
    const found: Picture[] = [];
    for (const seat of call.seats) {
      const you = seat.seat === call.you;
      const peer = session.peer(seat.seat);
      const base = { name: seat.name, you, microphone: seat.microphone, hand: seat.hand, quality: session.qualityOf(seat.seat) };
      const connected = you || peer?.state === 'connected';
      // Who is only away from the server is still seen.
      const state = connected ? ('' as const) : seat.present ? ('connecting' as const) : ('away' as const);
      if (seat.screen) found.push({ ...base, key: `${seat.seat} screen`, kind: 'screen', track: you ? devices.screen : (peer?.received.screen ?? null), speaking: false, hand: false, state });
      found.push({ ...base, key: seat.seat, kind: 'camera', track: you ? devices.camera : seat.camera && connected ? (peer?.received.camera ?? null) : null, speaking: session.speakers.speaking.has(seat.seat), state });
    }
    return found;
  }

  private readonly onSized = (boxes: ReadonlyMap<string, Box>): void => {
    const { session } = this;
    const height = (key: string): number => {
      const box = boxes.get(key);
      return box === undefined ? 0 : wantedHeight(box, window.devicePixelRatio);
    };
    for (const { seat } of session.peers()) session.wish(seat, { camera: height(seat), screen: height(`${seat} screen`) });
  };

  private side(): TemplateResult {
    const { session, panel, version } = this;
    const title = panel === 'chat' ? words.chat.title : panel === 'people' ? words.people.title : words.settings.title;
    return html`<aside id="call-side" class="call-side" aria-label=${title}>
      <header><h2>${title}</h2><button class="button quiet square" type="button" aria-label=${words.close} title=${words.close} @click=${() => this.open('')}>${icon(X)}</button></header>
      ${panel === 'chat' ? html`<fl-call-talk .call=${session.call} .said=${session.call.said}></fl-call-talk>` : panel === 'people' ? html`<fl-call-people .session=${session} .version=${version}></fl-call-people>` : html`<fl-call-settings .devices=${session.devices} .version=${version}></fl-call-settings>`}
    </aside>`;
  }

  private shortcuts(): TemplateResult {
    const keys = words.keys;
    const list: [string, string][] = [['M', keys.mute], ['V', keys.camera], ['S', keys.share], ['H', keys.hand], ['C', keys.chat], ['P', keys.people], ['Space', keys.talk], ['Esc', keys.close], ['?', keys.help]];
    return html`<dialog class="shortcuts" aria-labelledby="keys-title"><h2 id="keys-title">${keys.title}</h2><dl class="keys">${list.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl><div class="row"><button class="button" type="button" @click=${() => this.keys?.close()}>${words.close}</button></div></dialog>`;
  }

  // ---- what somebody does ----

  private join(guest: string): void {
    this.guest = guest;
    this.session.call.enter(guest);
  }

  private open(panel: Panel): void {
    const before = this.panel;
    this.panel = panel;
    // The focus goes back to where the panel was opened from.
    if (panel === '') void this.updateComplete.then(() => this.querySelector<HTMLElement>(`[data-panel=${before}].button`)?.focus());
  }

  private readonly act = (what: 'small' | 'keys' | 'leave'): void => {
    if (what === 'leave') this.session.leave();
    else if (what === 'keys') this.keys?.showModal();
    else void this.small();
  };

  /** Who leads, or the first other, in a small window over everything. */
  private async small(): Promise<void> {
    if (document.pictureInPictureElement !== null) return document.exitPictureInPicture();
    const { speakers, call } = this.session;
    const other = call.seats.find((seat) => seat.seat !== call.you && seat.camera)?.seat ?? call.you;
    const leading = speakers.leading === '' || speakers.leading === call.you ? other : speakers.leading;
    const wanted = this.stage?.large || leading;
    const picture = this.stage?.querySelector<CallPicture>(`[data-key="${CSS.escape(wanted)}"] fl-call-picture`);
    await picture?.video?.requestPictureInPicture().catch(() => undefined);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    this.tabbed ||= event.key === 'Tab';
    if (this.session.call.phase.kind !== 'in' || this.keys?.open) return;
    const target = event.target as Element;
    const focus = target.matches('input, textarea, select') ? 'field' : this.tabbed && target.matches('button, summary, a') ? 'button' : 'elsewhere';
    const { devices } = this.session;
    const command = commandOf({ key: event.key, modified: event.ctrlKey || event.metaKey || event.altKey, focus, pushToTalk: devices.pushToTalk });
    if (command === null || (event.repeat && command !== 'talk')) return;
    if (command === 'close' && this.panel === '') return;
    event.preventDefault();
    switch (command) {
      case 'mute':
        if (!devices.pushToTalk) devices.mute(!devices.muted);
        return;
      case 'camera':
        return void devices.turnCamera(devices.camera === null);
      case 'share':
        return void devices.shareScreen(devices.screen === null);
      case 'hand':
        return this.session.raiseHand(!this.session.hand);
      case 'chat':
      case 'people':
        return this.open(this.panel === command ? '' : command);
      case 'close':
        return this.open('');
      case 'help':
        return this.keys?.showModal();
      case 'talk':
        return devices.push(true);
    }
  };

  private readonly onKeyUp = (event: KeyboardEvent): void => {
    if (event.key !== ' ' || !this.session.devices.pushed) return;
    // The button that has the focus is not pressed by it.
    event.preventDefault();
    this.session.devices.push(false);
  };

  private readonly onPointer = (): void => {
    this.tabbed = false;
  };

  private readonly onBlur = (): void => this.session.devices.push(false);

  private readonly onSeen = (): void => this.session.seen();
}
