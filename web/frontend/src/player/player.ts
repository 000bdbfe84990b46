/** The player: video, its controls, its keys, and what is said when there is nothing to play. */

import { CircleHelp, Maximize, MessageSquare, Minimize, Pause, PictureInPicture2, Play, Settings, Volume1, Volume2, VolumeX, WifiOff } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { api } from '../lib/api';
import type { Channel } from '../lib/rest';
import { ServerClock } from '../lib/clock';
import { recall, remember } from '../lib/storage';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { mark } from '../parts/mark';
import { texts } from '../texts';
import { BEHIND, playable, stageOf, type Stage } from './controls';
import { Playback, type LatencyParts, type PlaybackState, type Quality } from './playback';
import './latency';

const HIDE_MS = 3000;
const TICK_MS = 250;
const REPORT_MS = 5000;

@customElement('fl-player')
export class Player extends PageElement {
  /** What the server says of the channel. */
  @property({ attribute: false }) server: Channel | 'loading' | 'missing' | 'error' = 'loading';
  @property() name = '';
  @property({ attribute: false }) bearer: () => string = () => '';
  /** Whether there is a chat, and whether it is seen now: then the bar has a button for it (event `chat`). */
  @property() chat: 'none' | 'hidden' | 'shown' = 'none';

  @state() private playback: PlaybackState = 'idle';
  @state() private paused = true;
  @state() private muted = false;
  @state() private forcedMute = false;
  @state() private volume = Number(recall('volume') ?? '1');
  @state() private behind = 0;
  @state() private qualities: Quality[] = [];
  @state() private chosen = -1;
  @state() private menu = false;
  @state() private asleep = false;
  @state() private full = false;
  @state() private parts: LatencyParts | null = null;

  @query('video') private video!: HTMLVideoElement;
  @query('dialog') private keys!: HTMLDialogElement;

  private player: Playback | null = null;
  private readonly clock = new ServerClock();
  private readonly me = crypto.getRandomValues(new Uint32Array(4)).join('-').slice(0, 60);
  private ticker = 0;
  private sleeper = 0;
  private reportedAt = 0;
  private broadcastOf = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.clock.start();
    this.ticker = window.setInterval(() => this.tick(), TICK_MS);
    document.addEventListener('keydown', this.onKey);
    document.addEventListener('fullscreenchange', this.onFull);
    document.addEventListener('pointerdown', this.onOutside);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.clock.stop();
    window.clearInterval(this.ticker);
    document.removeEventListener('keydown', this.onKey);
    document.removeEventListener('fullscreenchange', this.onFull);
    document.removeEventListener('pointerdown', this.onOutside);
    this.player?.dispose();
    this.player = null;
  }

  protected override firstUpdated(): void {
    this.video.volume = Number.isFinite(this.volume) ? Math.min(1, Math.max(0, this.volume)) : 1;
    this.video.muted = recall('muted') === 'yes';
    this.player = new Playback(
      this.video,
      (playback) => {
        this.playback = playback;
      },
      (qualities) => {
        this.qualities = qualities;
      },
      () => this.bearer(),
    );
    this.follow();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has('server')) this.follow();
    this.dispatchEvent(new CustomEvent('stage', { detail: this.stage }));
  }

  get stage(): Stage {
    return stageOf(typeof this.server === 'string' ? this.server : this.server.state, this.playback);
  }

  /** The capture time of the picture that is seen, Unix milliseconds; null while there is none. */
  get seen(): number | null {
    return this.player?.seenMs ?? null;
  }

  private follow(): void {
    if (this.player === null || typeof this.server === 'string') return;
    const { state: said, playlist, started_ms: started } = this.server;
    if (!playable(said)) {
      if (said === 'ended' || said === 'offline') this.player.finish();
      if (said === 'starting' || (said === 'offline' && this.playback !== 'ended' && this.playback !== 'playing')) this.player.stop();
      return;
    }
    if (this.broadcastOf !== 0 && this.broadcastOf !== started) this.player.stop();
    this.broadcastOf = started;
    this.player.start(playlist);
    if (said === 'live') this.player.nudge();
  }

  protected override render(): TemplateResult {
    const stage = this.stage;
    const showing = stage === 'live' || stage === 'interrupted';
    return html`
      <section
        class=${`player over-video ${this.asleep && showing && !this.paused ? 'asleep' : ''}`}
        aria-label=${texts.watch.player}
        data-stage=${stage}
        data-playback=${this.playback}
        @pointermove=${this.wakeUp}
        @pointerdown=${this.wakeUp}
        @focusin=${this.wakeUp}
        @pointerleave=${this.doze}
      >
        <video
          playsinline
          disableremoteplayback
          aria-label=${this.name}
          @click=${this.onVideoClick}
          @dblclick=${this.toggleFull}
          @play=${this.sync}
          @pause=${this.sync}
          @volumechange=${this.sync}
        ></video>
        ${this.announce(stage)} ${showing ? this.controls() : nothing}
      </section>
      ${this.shortcuts()}
    `;
  }

  // ---- what is said over the video ----

  private announce(stage: Stage): TemplateResult {
    return html`<div class="said" role="status">${this.message(stage)}</div>`;
  }

  private message(stage: Stage): TemplateResult | typeof nothing {
    const words = texts.watch;
    const others = html`<a class="button" href="/">${words.others}</a>`;
    switch (stage) {
      case 'loading':
        return html`<div class="cover quiet">${mark('loading')}<span class="hidden-text">${words.loading}</span></div>`;
      case 'starting':
        return html`<div class="cover">${mark('loading')}<h2>${words.starting.title}</h2><p>${words.starting.body}</p></div>`;
      case 'offline':
        return this.offAir(html`<h2>${words.offline.title(this.name)}</h2><p>${words.offline.body}</p>${others}`);
      case 'ended':
        return this.offAir(html`<h2>${words.ended.title}</h2><p>${words.ended.body}</p>${others}`);
      case 'missing':
        return html`<div class="cover">${mark('dim')}<h2>${words.missing.title(this.name)}</h2><p>${words.missing.body}</p>${others}</div>`;
      case 'error':
        return html`<div class="cover">${icon(WifiOff)}<h2>${words.error.title}</h2><p>${words.error.body}</p></div>`;
      case 'unsupported':
        return html`<div class="cover">${mark('dim')}<h2>${words.unsupported.title}</h2><p>${words.unsupported.body}</p></div>`;
      case 'interrupted':
        return html`<p class="strip">${mark('loading')}${words.interrupted}</p>`;
      case 'live':
        return this.playback === 'reconnecting' ? html`<p class="strip">${mark('loading')}${words.reconnecting}</p>` : nothing;
    }
  }

  /** On the picture the channel chose for it, if any. */
  private offAir(said: TemplateResult): TemplateResult {
    const picture = typeof this.server === 'string' ? null : this.server.offline_picture;
    if (picture === null) return html`<div class="cover">${mark('dim')}${said}</div>`;
    return html`<div class="cover pictured"><img class="off-air" src=${picture} alt="" width="1280" height="720" />${said}</div>`;
  }

  // ---- controls ----

  private controls(): TemplateResult {
    const words = texts.player;
    const behind = this.behind > BEHIND;
    return html`
      ${this.forcedMute && this.muted
        ? html`<button class="button sound" type="button" @click=${this.soundOn}>${icon(VolumeX)}${words.tapForSound}</button>`
        : nothing}
      <div class="bar">
        <button class="button quiet square" type="button" aria-label=${this.paused ? words.play : words.pause} @click=${this.togglePlay}>${icon(this.paused ? Play : Pause)}</button>
        <div class="volume">
          <button class="button quiet square" type="button" aria-label=${this.muted ? words.unmute : words.mute} @click=${this.toggleMute}>
            ${icon(this.muted || this.volume === 0 ? VolumeX : this.volume < 0.5 ? Volume1 : Volume2)}
          </button>
          <input type="range" min="0" max="1" step="0.05" aria-label=${words.volume} .value=${String(this.muted ? 0 : this.volume)} @input=${this.onVolume} />
        </div>
        ${behind
          ? html`<button class="button go-live numbers" type="button" @click=${this.goLive}>
              <span>${words.behind(String(Math.round(this.behind)))}</span><span class="roomy">${words.goLive}</span>
            </button>`
          : html`<span class="at-live">${mark('live')}<span>${words.atLive}</span></span>`}
        <span class="space"></span>
        <fl-latency .parts=${this.parts} .others=${typeof this.server === 'string' ? null : this.server.latency} .errorMs=${this.clock.errorMs}></fl-latency>
        ${this.qualityMenu()}
        ${this.chat === 'hidden' || (this.chat === 'shown' && this.full)
          ? html`<button class="button quiet square" type="button" aria-pressed=${this.chat === 'shown'} aria-label=${texts.chat.title} title=${this.chat === 'shown' ? texts.chat.hide : texts.chat.show} @click=${() => this.dispatchEvent(new CustomEvent('chat', { bubbles: true }))}>
              ${icon(MessageSquare)}
            </button>`
          : nothing}
        <button class="button quiet square wide-only" type="button" aria-label=${words.shortcuts} @click=${this.showKeys}>${icon(CircleHelp)}</button>
        ${document.pictureInPictureEnabled
          ? html`<button class="button quiet square wide-only" type="button" aria-label=${words.picture} @click=${this.togglePicture}>${icon(PictureInPicture2)}</button>`
          : nothing}
        <button class="button quiet square" type="button" aria-label=${this.full ? words.exitFullscreen : words.fullscreen} @click=${this.toggleFull}>${icon(this.full ? Minimize : Maximize)}</button>
      </div>
    `;
  }

  private qualityMenu(): TemplateResult {
    const words = texts.player;
    const now = this.player?.currentQuality;
    const options = [{ index: -1, label: now ? words.autoNow(`${now.height}p`) : words.auto }].concat(
      this.qualities.map((quality) => ({ index: quality.index, label: `${quality.height}p` })),
    );
    return html`
      <div class="quality" @keydown=${this.onMenuKey}>
        <button class="button quiet square" type="button" aria-label=${words.quality} aria-haspopup="true" aria-expanded=${this.menu} @click=${() => (this.menu = !this.menu)}>${icon(Settings)}</button>
        <fieldset class="menu" ?hidden=${!this.menu}>
          <legend>${words.quality}</legend>
          ${options.map(
            (option) => html`<label><input type="radio" name="quality" .checked=${option.index === this.chosen} @change=${() => this.choose(option.index)} />${option.label}</label>`,
          )}
        </fieldset>
      </div>
    `;
  }

  private shortcuts(): TemplateResult {
    return html`
      <dialog aria-labelledby="keys-title">
        <h2 id="keys-title">${texts.player.shortcuts}</h2>
        <dl class="keys">
          ${texts.player.keys.map(([key, what]) => html`<dt>${(key ?? '').split(' ').map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${what}</dd>`)}
        </dl>
        <form method="dialog" class="row"><button class="button">${texts.close}</button></form>
      </dialog>
    `;
  }

  // ---- doing ----

  private readonly sync = (): void => {
    this.paused = this.video.paused;
    this.muted = this.video.muted;
    this.volume = this.video.volume;
  };

  private tick(): void {
    if (this.player === null) return;
    this.behind = this.player.behind;
    // Two figures a second can be read; four can't.
    if (Math.floor(Date.now() / TICK_MS) % 2 === 0) this.parts = this.player.latency(this.clock.now());
    if (!this.paused && this.video.muted && !this.forcedMute && recall('muted') !== 'yes') this.forcedMute = true;
    const now = Date.now();
    if (this.parts && this.playback === 'playing' && !this.paused && now - this.reportedAt > REPORT_MS && this.parts.total > 0) {
      this.reportedAt = now;
      api.reportLatency(this.name, this.me, Math.min(120_000, this.parts.total * 1000));
    }
  }

  private readonly togglePlay = (): void => {
    if (this.video.paused) void this.player?.play();
    else this.player?.pause();
  };

  private onVideoClick(): void {
    // A finger asks for the controls first; a mouse means what it clicks.
    if (matchMedia('(hover: hover)').matches) this.togglePlay();
  }

  private readonly toggleMute = (): void => {
    this.video.muted = !this.video.muted;
    this.forcedMute = false;
    remember('muted', this.video.muted ? 'yes' : 'no');
  };

  private readonly soundOn = (): void => {
    this.forcedMute = false;
    this.video.muted = false;
    remember('muted', 'no');
  };

  private setVolume(volume: number): void {
    this.video.volume = Math.min(1, Math.max(0, volume));
    this.video.muted = this.video.volume === 0;
    this.forcedMute = false;
    remember('volume', String(this.video.volume));
    remember('muted', this.video.muted ? 'yes' : 'no');
  }

  private onVolume(event: Event): void {
    this.setVolume(Number((event.target as HTMLInputElement).value));
  }

  private readonly goLive = (): void => this.player?.goLive();

  private choose(index: number): void {
    this.chosen = index;
    if (this.player) this.player.quality = index;
    this.menu = false;
  }

  private onMenuKey(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.menu) {
      this.menu = false;
      event.stopPropagation();
      this.querySelector<HTMLButtonElement>('.quality button')?.focus();
    }
  }

  private readonly onOutside = (event: Event): void => {
    if (this.menu && !(event.target as Element).closest('.quality')) this.menu = false;
  };

  private readonly showKeys = (): void => this.keys.showModal();

  private readonly togglePicture = (): void => {
    if (document.pictureInPictureElement) void document.exitPictureInPicture();
    else this.video.requestPictureInPicture().catch(() => undefined);
  };

  private readonly toggleFull = (): void => {
    // With a chat beside it, both go: the chat can be had over the picture.
    const section = this.closest<HTMLElement>('.theatre') ?? this.querySelector<HTMLElement>('.player');
    const phone = this.video as HTMLVideoElement & { webkitEnterFullscreen?: () => void };
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (section?.requestFullscreen) section.requestFullscreen().catch(() => undefined);
    else phone.webkitEnterFullscreen?.();
  };

  private readonly onFull = (): void => {
    this.full = document.fullscreenElement !== null;
  };

  private readonly wakeUp = (): void => {
    this.asleep = false;
    window.clearTimeout(this.sleeper);
    this.sleeper = window.setTimeout(this.doze, HIDE_MS);
  };

  private readonly doze = (): void => {
    if (this.menu || this.querySelector('.latency-parts:not([hidden])') || this.querySelector('.bar :focus-visible')) return;
    this.asleep = true;
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.ctrlKey || event.metaKey || event.altKey || this.keys.open) return;
    if (target.matches('input:not([type=range]):not([type=radio]), textarea, select')) return;
    const onButton = target.matches('button, a, [role=button]');
    const showing = this.stage === 'live' || this.stage === 'interrupted';
    const actions: Record<string, () => void> = {
      ' ': this.togglePlay,
      k: this.togglePlay,
      m: this.toggleMute,
      f: this.toggleFull,
      i: this.togglePicture,
      l: this.goLive,
      arrowup: () => this.setVolume(this.video.volume + 0.1),
      arrowdown: () => this.setVolume(this.video.volume - 0.1),
      arrowleft: () => this.player?.seekBy(-5),
      arrowright: () => this.player?.seekBy(5),
    };
    const key = event.key.toLowerCase();
    if (key === '?') {
      event.preventDefault();
      this.showKeys();
      return;
    }
    const action = actions[key];
    if (!showing || action === undefined || (onButton && key === ' ') || (target.matches('input') && key.startsWith('arrow'))) return;
    event.preventDefault();
    this.wakeUp();
    action();
  };
}
