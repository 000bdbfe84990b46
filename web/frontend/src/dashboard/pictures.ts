/** The pictures of a channel: the one beside its name, its banner, and what is shown while it is off the air. */

import '../people/confirm';
import '../styles/pictures.css';
import { ImageOff, Upload } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import { rest, type Channel } from '../lib/rest';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import { ChannelElement } from './element';

const words = texts.people.dashboard.pictures;
const TYPES = 'image/png,image/jpeg,image/webp,image/gif';
const LARGEST = 2 * 1024 * 1024;

type Kind = keyof typeof words.kinds;

interface Place {
  kind: Kind;
  width: number;
  height: number;
  of: (channel: Channel) => string | null;
}

const PLACES: Place[] = [
  { kind: 'picture', width: 256, height: 256, of: (channel) => channel.avatar },
  { kind: 'banner', width: 1600, height: 400, of: (channel) => channel.banner },
  { kind: 'offline-picture', width: 1280, height: 720, of: (channel) => channel.offline_picture },
];

@customElement('fl-channel-pictures')
export class ChannelPictures extends ChannelElement {
  @state() private sending: Kind | null = null;
  @state() private over: Kind | null = null;

  protected override render(): TemplateResult {
    return html`
      <section class="panel" aria-labelledby="pictures-title">
        <h2 id="pictures-title">${texts.people.dashboard.sections.pictures}</h2>
        <p class="lead">${words.body}</p>
        ${this.said()}
        <div class="pictures">${PLACES.map((place) => this.one(place, place.of(this.channel)))}</div>
      </section>
    `;
  }

  private one({ kind, width, height }: Place, shown: string | null): TemplateResult {
    const { title, help } = words.kinds[kind];
    const sending = this.sending === kind;
    return html`
      <div class="of-channel" data-kind=${kind} role="group" aria-labelledby=${`of-${kind}`}>
        <h3 id=${`of-${kind}`}>${title}</h3>
        <p class="help" id=${`help-${kind}`}>${help}</p>
        <label
          class=${this.over === kind ? 'drop over' : 'drop'}
          aria-busy=${sending}
          @dragover=${(event: DragEvent) => this.onOver(event, kind)}
          @dragleave=${() => (this.over = null)}
          @drop=${(event: DragEvent) => this.onDrop(event, kind)}
        >
          ${shown === null
            ? html`<span class="none">${icon(ImageOff)}<span>${words.none}</span></span>`
            : html`<img src=${shown} alt=${words.now(title)} width=${width} height=${height} />`}
          <span class="button">${icon(Upload)}${sending ? words.sending : shown === null ? words.choose : words.replace}</span>
          <input
            class="hidden-text"
            type="file"
            accept=${TYPES}
            aria-label=${`${title}: ${shown === null ? words.choose : words.replace}`}
            aria-describedby=${`help-${kind}`}
            ?disabled=${this.busy}
            @change=${(event: Event) => this.onFile(event, kind)}
          />
        </label>
        ${shown === null
          ? nothing
          : html`<fl-confirm label=${words.remove} question=${words.question(title)} body=${words.warning} yes=${words.remove} .act=${() => void this.drop(kind)}></fl-confirm>`}
      </div>
    `;
  }

  private onOver(event: DragEvent, kind: Kind): void {
    event.preventDefault();
    this.over = kind;
  }

  private onDrop(event: DragEvent, kind: Kind): void {
    event.preventDefault();
    this.over = null;
    const file = event.dataTransfer?.files[0];
    if (file !== undefined) void this.send(kind, file);
  }

  private onFile(event: Event, kind: Kind): void {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    // The same file may be chosen again after a refusal.
    if (file !== undefined) void this.send(kind, file).then(() => (input.value = ''));
  }

  private async send(kind: Kind, file: File): Promise<void> {
    const set = this.work(async () => {
      if (!TYPES.split(',').includes(file.type)) throw new Error(words.type);
      if (file.size > LARGEST) throw new Error(words.large);
      await rest.channel_pictures.put(this.name, kind, file);
      await this.reread();
    }, words.done);
    this.sending = kind;
    await set;
    this.sending = null;
  }

  private async drop(kind: Kind): Promise<void> {
    await this.work(async () => {
      await rest.channel_pictures.delete(this.name, kind);
      await this.reread();
    }, words.removed);
  }

  private async reread(): Promise<void> {
    this.channel = await rest.live.channel(this.name);
    this.dispatchEvent(new CustomEvent('changed', { detail: this.channel }));
  }
}
