/** Where a message is written: grows with it, counts near the limit, completes names, emotes and commands. */

import { Pencil, Reply, SendHorizontal, Smile, X } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { MessageEntry } from '../lib/timeline';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import { withEmoji } from './emoji';
import { lengthOf, taken, tokenAt, type Offer, type Token } from './completion';
import { offersFor, type Sources } from './offers';
import './picker';
import { span } from './words';

const words = texts.chat.composer;
/** The counter is shown for the last so many characters. */
const NEAR = 80;

@customElement('fl-chat-composer')
export class Composer extends PageElement {
  @property({ attribute: false }) sources: Sources = { people: [], emotes: new Map(), commands: [] };
  @property({ type: Number }) longest = 500;
  @property({ type: Boolean }) emotesOnly = false;
  /** Seconds of slow mode that are left. */
  @property({ type: Number }) wait = 0;
  @property({ attribute: false }) replying: MessageEntry | null = null;
  @property({ attribute: false }) editing: MessageEntry | null = null;
  @property({ attribute: false }) say: (text: string) => void = () => undefined;
  @property({ attribute: false }) cancel: () => void = () => undefined;
  @property({ attribute: false }) editLast: () => void = () => undefined;

  @state() private text = '';
  @state() private offers: readonly Offer[] = [];
  @state() private chosen = 0;
  @state() private picking = false;
  @query('textarea') private field!: HTMLTextAreaElement;

  private token: Token | null = null;
  private asked = 0;
  private kept = '';

  override focus(): void {
    this.field.focus();
  }

  /** Puts an emoji, emote or name where the caret is. */
  put(text: string): void {
    const { selectionStart: start, selectionEnd: end } = this.field;
    const before = this.text.slice(0, start);
    const gap = before === '' || /\s$/u.test(before) ? '' : ' ';
    this.write(`${before}${gap}${text} ${this.text.slice(end)}`, start + gap.length + text.length + 1);
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('editing')) return;
    const before = changed.get('editing') as MessageEntry | null | undefined;
    if (this.editing !== null) {
      if (!before) this.kept = this.text;
      this.text = this.editing.message.text;
    } else if (before) this.text = this.kept;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('text')) {
      this.field.style.blockSize = 'auto';
      this.field.style.blockSize = `${this.field.scrollHeight + 2}px`;
    }
    if ((changed.has('replying') && this.replying) || (changed.has('editing') && this.editing)) {
      this.field.focus();
      this.field.setSelectionRange(this.text.length, this.text.length);
    }
  }

  protected override render(): TemplateResult {
    const { left, fits } = lengthOf(this.text, this.longest);
    const open = this.offers.length > 0;
    return html`
      <form class="composer" @submit=${this.onSubmit} @focusout=${this.onFocusOut}>
        ${open ? this.suggestions() : nothing} ${this.about()}
        ${this.picking ? html`<fl-emoji-picker .emotes=${this.sources.emotes} .pick=${(text: string) => this.put(text)} .close=${this.closePicker}></fl-emoji-picker>` : nothing}
        <div class="field-row">
          <textarea
            rows="1"
            role="combobox"
            aria-label=${words.label}
            aria-autocomplete="list"
            aria-expanded=${open}
            aria-controls="chat-offers"
            aria-activedescendant=${open ? `chat-offer-${this.chosen}` : nothing}
            aria-invalid=${fits ? nothing : 'true'}
            placeholder=${this.wait > 0 ? words.wait(span(this.wait)) : this.emotesOnly ? words.emotesOnly : words.placeholder}
            enterkeyhint="send"
            autocomplete="off"
            dir="auto"
            .value=${this.text}
            @input=${this.onInput}
            @keydown=${this.onKey}
            @select=${this.onSelect}
          ></textarea>
          <button class="button quiet square" type="button" aria-label=${words.emoji} title=${words.emoji} aria-expanded=${this.picking} @click=${this.togglePicker}>${icon(Smile)}</button>
          <button class="button quiet square send" type="submit" aria-label=${words.send} title=${words.send} ?disabled=${this.text.trim() === '' || !fits}>${icon(SendHorizontal)}</button>
        </div>
        ${left <= NEAR ? html`<p class=${fits ? 'count numbers' : 'count numbers over'} role="status">${words.left(left)}</p>` : nothing}
        ${this.wait > 0 && this.text !== '' ? html`<p class="count numbers">${words.wait(span(this.wait))}</p>` : nothing}
      </form>
    `;
  }

  private about(): TemplateResult | typeof nothing {
    const entry = this.editing ?? this.replying;
    if (entry === null) return nothing;
    return html`<p class="about">
      ${icon(this.editing ? Pencil : Reply)}
      <span><strong>${this.editing ? words.editing : words.replying(entry.message.author.shown)}</strong>${this.editing ? nothing : html` <bdi>${entry.message.text}</bdi>`}</span>
      <button class="button quiet square" type="button" aria-label=${words.cancel} title=${words.cancel} @click=${this.cancel}>${icon(X)}</button>
    </p>`;
  }

  private suggestions(): TemplateResult {
    return html`<ul id="chat-offers" class="offers" role="listbox" aria-label=${words.offers}>
      ${this.offers.map(
        (offer, index) => html`<li
          id=${`chat-offer-${index}`}
          role="option"
          aria-selected=${index === this.chosen}
          @pointerdown=${(event: Event) => {
            event.preventDefault();
            this.take(index);
          }}
        >
          ${offer.picture ? html`<img class="emote" src=${offer.picture} alt="" width="20" height="20" />` : nothing}<span>${offer.label}</span>${offer.detail ? html`<small>${offer.detail}</small>` : nothing}
        </li>`,
      )}
    </ul>`;
  }

  private write(text: string, caret: number): void {
    this.text = text;
    void this.updateComplete.then(() => {
      this.field.setSelectionRange(caret, caret);
      this.field.focus();
      this.look();
    });
  }

  private readonly onInput = (): void => {
    this.text = this.field.value;
    this.look();
  };

  private readonly onSelect = (): void => {
    if (this.offers.length > 0) this.look();
  };

  private look(): void {
    this.token = tokenAt(this.field.value, this.field.selectionStart);
    this.asked += 1;
    const { asked, token } = this;
    if (token === null) {
      this.offers = [];
      return;
    }
    void offersFor(token, this.sources).then((offers) => {
      if (asked !== this.asked) return;
      this.offers = offers.length === 1 && offers[0]?.text === this.text.slice(token.start, token.end) ? [] : offers;
      this.chosen = 0;
    });
  }

  private take(index: number): void {
    const offer = this.offers[index];
    if (offer === undefined || this.token === null) return;
    const { text, caret } = taken(this.text, this.token, offer);
    this.closeOffers();
    this.write(text, caret);
  }

  private closeOffers(): void {
    this.asked += 1;
    this.offers = [];
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.isComposing) return;
    const open = this.offers.length > 0;
    const by = (step: number): number => (this.chosen + step + this.offers.length) % this.offers.length;
    if (open && event.key === 'ArrowDown') this.chosen = by(1);
    else if (open && event.key === 'ArrowUp') this.chosen = by(-1);
    else if (open && (event.key === 'Tab' || (event.key === 'Enter' && !event.shiftKey))) this.take(this.chosen);
    else if (event.key === 'Escape' && open) this.closeOffers();
    else if (event.key === 'Escape' && this.picking) this.picking = false;
    else if (event.key === 'Escape' && (this.editing ?? this.replying)) this.cancel();
    else if (event.key === 'Enter' && !event.shiftKey) this.submit();
    else if (event.key === 'ArrowUp' && this.text === '' && !this.editing) this.editLast();
    else return;
    event.preventDefault();
  };

  private readonly onSubmit = (event: Event): void => {
    event.preventDefault();
    this.submit();
  };

  private submit(): void {
    const text = this.text.replace(/\s+/gu, ' ').trim();
    if (text === '' || !lengthOf(text, this.longest).fits) return;
    this.closeOffers();
    const { editing } = this;
    this.say(withEmoji(text, this.sources.emotes));
    // What was being written before an edit comes back with `editing`.
    if (!editing) this.text = '';
    this.picking = false;
  }

  private readonly togglePicker = (): void => {
    this.picking = !this.picking;
  };

  private readonly closePicker = (): void => {
    this.picking = false;
    this.field.focus();
  };

  private readonly onFocusOut = (event: FocusEvent): void => {
    if (!(event.relatedTarget instanceof Node) || !this.contains(event.relatedTarget)) this.closeOffers();
  };
}
