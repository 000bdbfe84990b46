/** One moving picture or sound: a track in an element, exchanged without a flicker. */

import { html, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { PageElement } from '../parts/element';

function put(element: HTMLMediaElement | null, tracks: readonly MediaStreamTrack[]): void {
  if (element === null) return;
  const shown = element.srcObject instanceof MediaStream ? element.srcObject.getTracks() : [];
  if (shown.length === tracks.length && shown.every((track, index) => track === tracks[index])) return;
  element.srcObject = tracks.length === 0 ? null : new MediaStream([...tracks]);
  // Refused while the page was not touched yet; then the next press starts it.
  if (tracks.length > 0) void element.play().catch(() => undefined);
}

@customElement('fl-call-picture')
export class CallPicture extends PageElement {
  @property({ attribute: false }) track: MediaStreamTrack | null = null;
  @property({ type: Boolean }) mirrored = false;
  @property({ type: Boolean }) whole = false;
  @property() label = '';

  get video(): HTMLVideoElement | null {
    return this.querySelector('video');
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    const { video } = this;
    if (video !== null) video.srcObject = null;
  }

  protected override updated(_: PropertyValues<this>): void {
    put(this.video, this.track === null ? [] : [this.track]);
  }

  protected override render(): TemplateResult {
    return html`<video class=${`${this.mirrored ? 'mirrored' : ''} ${this.whole ? 'whole' : ''}`} autoplay muted playsinline .muted=${true} aria-label=${this.label} tabindex="-1"></video>`;
  }
}


/** What one of the others says, and what their shared screen sounds like. */
@customElement('fl-call-sound')
export class CallSound extends PageElement {
  @property({ attribute: false }) track: MediaStreamTrack | null = null;
  @property() loudspeaker = '';
  private sink = '';

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('pointerdown', this.onPress);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('pointerdown', this.onPress);
    const audio = this.querySelector('audio');
    if (audio !== null) audio.srcObject = null;
  }

  private readonly onPress = (): void => {
    const audio = this.querySelector('audio');
    if (audio?.paused) void audio.play().catch(() => undefined);
  };

  protected override updated(_: PropertyValues<this>): void {
    const audio = this.querySelector('audio');
    put(audio, this.track === null ? [] : [this.track]);
    // Safari has none; the type does not say so.
    if (audio === null || this.sink === this.loudspeaker || !('setSinkId' in audio)) return;
    this.sink = this.loudspeaker;
    void audio.setSinkId(this.loudspeaker).catch(() => undefined);
  }

  protected override render(): TemplateResult {
    return html`<audio autoplay></audio>`;
  }
}
