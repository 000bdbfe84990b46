/** Every emote of the channel and every emoji, to look through or to find by name. */

import { X } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { recall, remember } from '../lib/storage';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import { matching } from './completion';
import { emojiGroups, type Emoji, type EmojiGroup } from './emoji';

const words = texts.chat.picker;
const MOST_FOUND = 48;
const RECENT = 16;

@customElement('fl-emoji-picker')
export class EmojiPicker extends PageElement {
  @property({ attribute: false }) emotes: ReadonlyMap<string, string> = new Map();
  @property({ attribute: false }) pick: (text: string) => void = () => undefined;
  @property({ attribute: false }) close: () => void = () => undefined;
  @state() private groups: readonly EmojiGroup[] = [];
  @state() private search = '';
  private readonly recent = (recall('emoji') ?? '👍 ❤️ 😂 🎉 👏 😮').split(' ').filter(Boolean);

  override connectedCallback(): void {
    super.connectedCallback();
    emojiGroups().then(
      (groups) => (this.groups = groups),
      () => (this.groups = []),
    );
    document.addEventListener('pointerdown', this.onOutside);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('pointerdown', this.onOutside);
  }

  protected override firstUpdated(): void {
    if (matchMedia('(pointer: fine)').matches) this.querySelector('input')?.focus();
  }

  protected override render(): TemplateResult {
    return html`<div class="picker" role="dialog" aria-label=${words.title} @keydown=${this.onKey}>
      <div class="picker-head">
        <input type="search" placeholder=${words.search} aria-label=${words.search} autocomplete="off" @input=${this.onSearch} />
        <button class="button quiet square" type="button" aria-label=${texts.close} @click=${this.close}>${icon(X)}</button>
      </div>
      <div class="picker-body" tabindex="-1">${this.search === '' ? this.everything() : this.found()}</div>
    </div>`;
  }

  private everything(): TemplateResult {
    return html`
      ${this.group(words.recent, this.recent.map((text) => this.one(text, text)))}
      ${this.emotes.size > 0 ? this.group(words.channel, [...this.emotes].map(([name, picture]) => this.one(`:${name}:`, name, picture))) : nothing}
      ${this.groups.map((group) => this.group(words.groups[group.name] ?? group.name, group.emoji.map((one) => this.one(one.text, one.name))))}
    `;
  }

  private found(): TemplateResult {
    const emotes = matching(this.emotes, this.search, ([name]) => [name], 16);
    const emoji = matching<Emoji>(
      this.groups.flatMap((group) => group.emoji),
      this.search,
      (one) => [one.name, ...one.name.split('_'), ...one.words],
      MOST_FOUND,
    );
    if (emotes.length + emoji.length === 0) return html`<p role="status">${words.none}</p>`;
    return html`<div class="emoji-grid">${emotes.map(([name, picture]) => this.one(`:${name}:`, name, picture))}${emoji.map((one) => this.one(one.text, one.name))}</div>`;
  }

  private group(title: string, buttons: TemplateResult[]): TemplateResult {
    return html`<h3>${title}</h3>
      <div class="emoji-grid">${buttons}</div>`;
  }

  private one(text: string, name: string, picture = ''): TemplateResult {
    return html`<button type="button" title=${name.replaceAll('_', ' ')} aria-label=${name.replaceAll('_', ' ')} @click=${() => this.take(text)}>
      ${picture === '' ? text : html`<img class="emote" src=${picture} alt="" width="24" height="24" loading="lazy" />`}
    </button>`;
  }

  private take(text: string): void {
    remember('emoji', [text, ...this.recent.filter((one) => one !== text)].slice(0, RECENT).filter((one) => !one.startsWith(':')).join(' '));
    this.pick(text);
  }

  private readonly onSearch = (event: Event): void => {
    this.search = (event.target as HTMLInputElement).value.trim().toLowerCase().replaceAll(':', '');
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === 'Escape') {
      event.preventDefault();
      this.close();
      return;
    }
    const buttons = [...this.querySelectorAll<HTMLButtonElement>('.emoji-grid button')];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const inSearch = event.target instanceof HTMLInputElement;
    const width = Math.max(1, buttons.filter((one) => one.offsetTop === buttons[Math.max(0, at)]?.offsetTop).length);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: width, ArrowUp: -width }[event.key];
    if (inSearch && event.key === 'Enter') {
      event.preventDefault();
      buttons[0]?.click();
    } else if (inSearch && event.key === 'ArrowDown') {
      event.preventDefault();
      buttons[0]?.focus();
    } else if (!inSearch && step !== undefined && at >= 0) {
      event.preventDefault();
      if (at + step < 0) this.querySelector('input')?.focus();
      else buttons[Math.min(buttons.length - 1, at + step)]?.focus();
    }
  };

  private readonly onOutside = (event: Event): void => {
    const path = event.composedPath();
    if (!path.includes(this) && !(event.target as Element).closest('[aria-expanded="true"]')) this.close();
  };
}
