/** What messages must not hold, and what the team looks at first. Everything can be tried on the last messages. */

import { Trash2 } from 'lucide';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Automod, Category } from '../lib/frames';
import { icon } from '../parts/icon';
import { field, FormElement } from '../people/form';
import { moderation } from './texts';
import type { Desk } from './desk';
import { choices } from './mode-fields';
import { outcomeOf } from './outcome';
import type { NewTerm, Outcome, RoomSettings, Term } from './server';

const words = moderation.filters;
const LIMITS = { capitals_percent: 100, symbols_percent: 100, repeats: 100, marks: 20, mentions: 50 } as const;
type LimitName = keyof typeof LIMITS;

@customElement('fl-filters')
export class Filters extends FormElement {
  @property({ attribute: false }) desk!: Desk;
  /** Changed by whoever draws us when they changed. */
  @property({ attribute: false }) settings: RoomSettings | null = null;
  @property({ attribute: false }) terms: readonly Term[] | null = null;
  /** What is chosen and not saved. */
  @state() private draft: Automod | null = null;
  @state() private outcome: { of: 'term' | 'automod'; found: Outcome } | null = null;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('settings') && this.draft !== null && this.settings !== null && same(this.draft, this.settings.automod)) this.draft = null;
  }

  protected override render(): TemplateResult {
    return html`${this.problem === null ? nothing : this.said()} ${this.termsPart()} ${this.automodPart()}`;
  }

  // ---- terms ----

  private termsPart(): TemplateResult {
    return html`
      <section aria-labelledby="terms-title">
        <h3 id="terms-title">${words.terms}</h3>
        <p class="sub">${words.termsBody}</p>
        <form class="term" @submit=${this.onAdd}>
          ${field({ name: 'text', label: words.text, required: true, maxlength: 200 })}
          <div class="pair">
            <label class="field"><span>${words.form}</span><select name="form">${options(words.forms)}</select></label>
            <label class="field"><span>${words.effect}</span><select name="effect">${options(words.effects)}</select></label>
          </div>
          <div class="buttons">
            <button class="button small primary" type="submit" ?disabled=${this.busy}>${words.add}</button>
            <button class="button small" type="button" ?disabled=${this.busy} @click=${this.onTryTerm}>${words.test}</button>
          </div>
        </form>
        ${this.outcome?.of === 'term' ? outcomeOf(this.outcome.found, this.noOutcome) : nothing}
        ${this.terms === null
          ? html`<div aria-hidden="true"><div class="skeleton line"></div></div>`
          : this.terms.length === 0
            ? html`<p class="nothing-line">${words.empty}</p>`
            : html`<ul class="terms">${this.terms.map((term) => this.term(term))}</ul>`}
      </section>
    `;
  }

  private term(term: Term): TemplateResult {
    const kind = { block: 'tag bad', hold: 'tag warn', permit: 'tag good' }[term.effect] ?? 'tag';
    return html`<li data-term=${term.text}>
      <span class=${kind}>${words.effectTags[term.effect] ?? term.effect}</span>
      <span class="what"><code><bdi>${term.text}</bdi></code>${term.form === 'literal' ? nothing : html`<span class="sub">${words.forms[term.form] ?? term.form}</span>`}</span>
      <button class="button quiet square small" type="button" aria-label=${words.remove(term.text)} title=${words.remove(term.text)} @click=${() => this.desk.attempt(() => this.desk.server.removeTerm(term.id))}>${icon(Trash2)}</button>
    </li>`;
  }

  private written(form: HTMLFormElement): NewTerm | null {
    if (!form.reportValidity()) return null;
    const data = new FormData(form);
    return { text: String(data.get('text')).trim(), form: data.get('form') as Term['form'], effect: data.get('effect') as Term['effect'] };
  }

  private readonly onAdd = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const term = this.written(form);
    if (term === null) return;
    if (await this.work(async () => void (await this.desk.server.addTerm(term)))) {
      form.reset();
      this.noOutcome();
    }
  };

  private readonly onTryTerm = async (event: Event): Promise<void> => {
    const term = this.written((event.currentTarget as HTMLButtonElement).form as HTMLFormElement);
    if (term === null) return;
    await this.work(async () => {
      this.outcome = { of: 'term', found: await this.desk.server.tryTerm(term) };
    });
  };

  // ---- automod ----

  private automodPart(): TemplateResult {
    const { settings } = this;
    if (settings === null) return html`<section aria-hidden="true"><div class="skeleton line"></div><div class="skeleton line short"></div></section>`;
    const now = this.draft ?? settings.automod;
    return html`
      <section aria-labelledby="automod-title">
        <h3 id="automod-title">${words.automod}</h3>
        <p class="sub">${words.automodBody}</p>
        <form class="automod" @submit=${this.onSave}>
          <div class="mode-list">
            ${Object.entries(words.categories).map(([name, label]) => this.level(name as Category, label, now.levels[name as Category] ?? 0))}
          </div>
          <h4>${words.limits}</h4>
          <p class="sub">${words.limitsBody}</p>
          <div class="mode-list">${(Object.keys(LIMITS) as LimitName[]).map((name) => this.limit(name, now[name]))}</div>
          <div class="buttons">
            <button class="button small primary" type="submit" ?disabled=${this.busy || this.draft === null}>${words.save}</button>
            <button class="button small" type="button" ?disabled=${this.busy} @click=${this.onTryAutomod}>${words.test}</button>
          </div>
        </form>
        ${this.outcome?.of === 'automod' ? outcomeOf(this.outcome.found, this.noOutcome) : nothing}
      </section>
    `;
  }

  private level(name: Category, label: string, value: number): TemplateResult {
    const options = words.levels.map((level, n): [string, string] => [String(n), level]);
    return html`<div class="mode" data-category=${name}>
      <label for=${`level-${name}`}>${label}</label>
      ${choices(`level-${name}`, options, String(value), (chosen) => this.choose({ levels: { ...this.chosen.levels, [name]: Number(chosen) } }))}
    </div>`;
  }

  private limit(name: LimitName, value: number): TemplateResult {
    const percent = name.endsWith('_percent');
    return html`<div class="mode" data-limit=${name}>
      <label for=${`limit-${name}`}>${words.limit[name]}${percent ? ' (%)' : ''}<span class="help">${value === 0 ? moderation.modes.off : nothing}</span></label>
      <input id=${`limit-${name}`} type="number" min="0" max=${LIMITS[name]} step="1" required .value=${String(value)} @change=${(event: Event) => this.choose({ [name]: Number((event.target as HTMLInputElement).value) })} />
    </div>`;
  }

  private get chosen(): Automod {
    return this.draft ?? (this.settings as RoomSettings).automod;
  }

  private choose(change: Partial<Automod>): void {
    const next = { ...this.chosen, ...change };
    this.draft = this.settings !== null && same(next, this.settings.automod) ? null : next;
  }

  private readonly onSave = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { draft } = this;
    if (draft === null) return;
    if ((await this.desk.change({ automod: draft })) === null) this.draft = null;
    this.noOutcome();
  };

  private readonly onTryAutomod = (): Promise<boolean> =>
    this.work(async () => {
      this.outcome = { of: 'automod', found: await this.desk.server.trySettings({ automod: this.chosen }) };
    });

  private readonly noOutcome = (): void => {
    this.outcome = null;
  };
}

function options(of: Record<string, string>): TemplateResult[] {
  return Object.entries(of).map(([name, label]) => html`<option value=${name}>${label}</option>`);
}

export function same(one: Automod, other: Automod): boolean {
  const levels = Object.keys(words.categories) as Category[];
  return (Object.keys(LIMITS) as LimitName[]).every((name) => one[name] === other[name]) && levels.every((name) => (one.levels[name] ?? 0) === (other.levels[name] ?? 0));
}
