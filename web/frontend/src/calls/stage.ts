/** The tiles: everybody as large as the room allows, or one large and the others in a strip. Knows pictures, not calls: something else may be composed by it. */

import { Expand, Hand, Mic, MicOff, MonitorUp, Shrink } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Quality } from '../lib/call-frames';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { face } from '../people/face';
import { gridOf, spotlightOf, TILE_RATIO, type Box } from './layout';
import './picture';
import { words as all } from './texts';

const words = all.stage;
const GAP = 8;

/** One tile's content. */
export interface Picture {
  key: string;
  kind: 'camera' | 'screen';
  name: string;
  you: boolean;
  track: MediaStreamTrack | null;
  microphone: boolean;
  speaking: boolean;
  hand: boolean;
  quality: Quality;
  /** What stands over it: nothing, or why it does not move. */
  state: '' | 'away' | 'connecting';
}

@customElement('fl-call-stage')
export class Stage extends PageElement {
  @property({ attribute: false }) pictures: readonly Picture[] = [];
  /** The key of the one to show large, or empty. */
  @property() large = '';
  @property({ attribute: false }) choose: (key: string) => void = () => undefined;
  /** Told how large each is shown, in CSS pixels. */
  @property({ attribute: false }) sized: (boxes: ReadonlyMap<string, Box>) => void = () => undefined;
  @state() private space: Box = { width: 0, height: 0 };
  @query('.tiles') private tiles!: HTMLElement;

  private readonly observer = new ResizeObserver(([entry]) => {
    const box = entry?.contentRect;
    if (box) this.space = { width: Math.floor(box.width), height: Math.floor(box.height) };
  });
  private boxes = new Map<string, Box>();

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer.disconnect();
  }

  protected override firstUpdated(): void {
    this.observer.observe(this.tiles);
  }

  protected override updated(_: PropertyValues<this>): void {
    this.sized(this.boxes);
  }

  protected override render(): TemplateResult {
    const { pictures, space } = this;
    const large = pictures.find((picture) => picture.key === this.large);
    this.boxes = new Map();
    return html`<div class="tiles" role="list" aria-label=${words.label}>${large === undefined || pictures.length < 2 ? this.grid(pictures, space) : this.spotlight(large, pictures.filter((one) => one !== large), space)}</div>`;
  }

  private grid(pictures: readonly Picture[], space: Box): TemplateResult {
    const { width, height, columns } = gridOf(pictures.length, space, GAP);
    for (const { key } of pictures) this.boxes.set(key, { width, height });
    const size = sizeOf({ width, height });
    return html`<div class="grid" .style=${`max-inline-size: ${columns * width + (columns - 1) * GAP}px`}>
      ${repeat(pictures, (picture) => picture.key, (picture) => this.tile(picture, size))}
    </div>`;
  }

  private spotlight(large: Picture, others: readonly Picture[], space: Box): TemplateResult {
    const { strip, size } = spotlightOf(others.length, space);
    const beside = strip === 'beside';
    const main = beside ? { width: space.width - size - GAP, height: space.height } : { width: space.width, height: space.height - size - GAP };
    const small = beside ? { width: size, height: Math.round(size / TILE_RATIO) } : { width: Math.round(size * TILE_RATIO), height: size };
    this.boxes.set(large.key, main);
    for (const { key } of others) this.boxes.set(key, small);
    return html`<div class="spotlight" data-strip=${strip}>
      ${this.tile(large, sizeOf(main))}
      <div class="strip" role="presentation">${repeat(others, (picture) => picture.key, (picture) => this.tile(picture, sizeOf(small)))}</div>
    </div>`;
  }

  private tile(picture: Picture, size: string): TemplateResult {
    const { key, kind, you, state, track } = picture;
    const name = kind === 'screen' ? words.screenOf(picture.name) : picture.name;
    const large = key === this.large;
    const marks = [picture.speaking ? words.speaking : '', kind === 'camera' && !picture.microphone ? words.muted : '', picture.hand ? words.hand : '', words.quality[picture.quality] ?? ''].filter((mark) => mark !== '');
    return html`<div class="tile over-video" role="listitem" data-key=${key} data-kind=${kind} data-state=${state} ?data-speaking=${picture.speaking} ?data-you=${you} .style=${size} aria-label=${[name, ...marks].join(', ')}>
      ${track === null ? html`<div class="no-picture">${face({ display_name: picture.name, avatar: null }, 'large')}</div>` : html`<fl-call-picture .track=${track} ?mirrored=${you && kind === 'camera'} ?whole=${kind === 'screen'} label=${name}></fl-call-picture>`}
      ${state === '' ? nothing : html`<p class="tile-state">${words[state]}</p>`}
      ${picture.hand ? html`<span class="tile-hand" aria-hidden="true">${icon(Hand)}</span>` : nothing}
      <div class="tile-name" aria-hidden="true">
        ${icon(kind === 'screen' ? MonitorUp : picture.microphone ? Mic : MicOff)}<span>${you && kind === 'camera' ? words.you : name}</span>
        ${picture.quality === '' || you ? nothing : html`<i class="bars" data-quality=${picture.quality}><b></b><b></b><b></b></i>`}
      </div>
      <button class="button quiet square tile-large" ?hidden=${this.pictures.length < 2} type="button" aria-pressed=${large} aria-label=${large ? words.normal(name) : words.large(name)} title=${large ? words.normal(name) : words.large(name)} @click=${() => this.choose(large ? '' : key)}>${icon(large ? Shrink : Expand)}</button>
    </div>`;
  }
}

/** Through the style object: the page's policy knows no style attributes. */
function sizeOf(box: Box): string {
  return `inline-size: ${Math.max(0, box.width)}px; block-size: ${Math.max(0, box.height)}px`;
}
