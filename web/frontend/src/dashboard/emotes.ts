/** The channel's emotes: small pictures that stand for `:name:` in its chat. */

import '../people/confirm';
import '../styles/emotes.css';
import { Upload } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { ApiError } from '../lib/api';
import { rest, type Emote } from '../lib/rest';
import { asApiError } from '../lib/session';
import { icon } from '../parts/icon';
import { field, problemNotice, valuesOf } from '../people/form';
import { texts } from '../texts';
import { ChannelElement } from './element';

const words = texts.people.dashboard.emotes;
const TYPES = 'image/png,image/jpeg,image/webp,image/gif';

@customElement('fl-emotes')
export class Emotes extends ChannelElement {
  @state() private emotes: readonly Emote[] | null = null;
  @state() private away: ApiError | null = null;
  @state() private chosen: { file: File; url: string } | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.read();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.choose(null);
  }

  private async read(): Promise<void> {
    try {
      this.emotes = (await rest.emotes.emotes(this.name)).emotes;
      this.away = null;
    } catch (error) {
      this.away = asApiError(error);
    }
  }

  protected override render(): TemplateResult {
    return html`
      <section class="panel" aria-labelledby="emotes-title">
        <h2 id="emotes-title">${texts.people.dashboard.sections.emotes}</h2>
        <p class="lead">${words.body}</p>
        ${this.said()} ${this.away === null ? nothing : problemNotice(this.away)} ${this.all()}
        <form @submit=${this.onAdd}>
          ${field({ name: 'name', label: words.name, help: words.nameHelp, required: true, maxlength: 31, pattern: '[a-z0-9][a-z0-9_]{1,30}' })}
          <div class="row">
            <label class="button">
              ${this.chosen === null ? icon(Upload) : html`<img class="emote" src=${this.chosen.url} alt="" />`}${this.chosen === null ? words.choose : this.chosen.file.name}
              <input class="hidden-text" type="file" accept=${TYPES} aria-label=${words.choose} @change=${this.onFile} />
            </label>
            ${this.submitButton(words.add)}
          </div>
        </form>
      </section>
    `;
  }

  private all(): TemplateResult {
    if (this.emotes === null) {
      return html`<ul class="emotes" aria-busy=${this.away === null}>${this.away === null ? [1, 2, 3, 4].map(() => html`<li class="skeleton"></li>`) : nothing}</ul>`;
    }
    if (this.emotes.length === 0) return html`<p class="nothing">${words.empty}</p>`;
    return html`
      <ul class="emotes">
        ${this.emotes.map(
          (emote) => html`
            <li>
              <img class="emote" src=${emote.picture} alt="" />
              <code>:${emote.name}:</code>
              <fl-confirm label=${words.remove} question=${words.question(emote.name)} body=${words.warning} yes=${words.remove} .act=${() => void this.drop(emote)}></fl-confirm>
            </li>
          `,
        )}
      </ul>
    `;
  }

  private choose(file: File | null): void {
    if (this.chosen !== null) URL.revokeObjectURL(this.chosen.url);
    this.chosen = file === null ? null : { file, url: URL.createObjectURL(file) };
  }

  private readonly onFile = (event: Event): void => {
    this.choose((event.target as HTMLInputElement).files?.[0] ?? null);
  };

  private readonly onAdd = async (event: SubmitEvent): Promise<void> => {
    const { name } = valuesOf(event, 'name');
    const form = event.target as HTMLFormElement;
    await this.work(async () => {
      if (this.chosen === null) throw new Error(words.missing);
      await rest.emotes.add(this.name, name, this.chosen.file);
      this.choose(null);
      form.reset();
      await this.read();
    }, texts.people.saved);
  };

  private async drop(emote: Emote): Promise<void> {
    await this.work(async () => {
      await rest.emotes.remove(this.name, emote.name);
      await this.read();
    });
  }
}
