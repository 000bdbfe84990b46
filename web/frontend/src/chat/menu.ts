/** The chat's settings on this device, and who is here. */

import { Settings2 } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Present } from '../lib/frames';
import { count } from '../lib/format';
import { closeByKey } from '../parts/dropdown';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import type { Preferences, Size } from './preferences';

const words = texts.chat;

@customElement('fl-chat-menu')
export class ChatMenu extends PageElement {
  @property({ attribute: false }) chosen!: Preferences;
  @property({ attribute: false }) choose: (change: Partial<Preferences>) => void = () => undefined;
  @property({ attribute: false }) present: Present = { accounts: 0, strangers: 0, names: null };
  /** There is a picture to align to. */
  @property({ type: Boolean }) alignable = false;

  /** Links are looked up in this room. */
  @property({ type: Boolean }) previewable = false;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('pointerdown', this.onOutside);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('pointerdown', this.onOutside);
  }

  protected override render(): TemplateResult {
    const { chosen, present } = this;
    const names = present.names ?? [];
    return html`
      <details class="menu chat-menu" @keydown=${this.onKey}>
        <summary class="button quiet square" aria-label=${words.settings} title=${words.settings}>${icon(Settings2)}</summary>
        <div class="choices-menu">
          ${this.alignable ? this.check(words.menu.aligned, chosen.aligned, (aligned) => this.choose({ aligned }), words.menu.alignedHelp) : nothing}
          ${this.check(words.menu.timestamps, chosen.timestamps, (timestamps) => this.choose({ timestamps }))}
          ${this.check(words.menu.aloud, chosen.aloud, (aloud) => this.choose({ aloud }))}
          ${this.previewable ? this.check(words.menu.previews, chosen.previews, (previews) => this.choose({ previews })) : nothing}
          <fieldset>
            <legend>${words.menu.size}</legend>
            ${(['small', 'normal', 'large'] as Size[]).map(
              (size) => html`<label><input type="radio" name="chat-size" .checked=${chosen.size === size} @change=${() => this.choose({ size })} />${words.menu.sizes[size]}</label>`,
            )}
          </fieldset>
          <section>
            <h3>${words.menu.here}</h3>
            <p class="numbers sub">${words.menu.andMore(count(present.accounts), count(present.strangers))}</p>
            ${names.length > 0 ? html`<ul class="here" tabindex="0" aria-label=${words.menu.here}>${names.map((name) => html`<li>${name}</li>`)}</ul>` : nothing}
          </section>
        </div>
      </details>
    `;
  }

  private check(label: string, on: boolean, turn: (on: boolean) => void, help = ''): TemplateResult {
    return html`<label class="check"><input type="checkbox" .checked=${on} @change=${(event: Event) => turn((event.target as HTMLInputElement).checked)} /><span>${label}${help ? html`<small>${help}</small>` : nothing}</span></label>`;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    closeByKey(event);
  };

  private readonly onOutside = (event: Event): void => {
    const menu = this.querySelector('details');
    if (menu && !menu.contains(event.target as Node)) menu.open = false;
  };
}
