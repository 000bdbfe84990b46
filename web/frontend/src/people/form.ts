/** What every form does: one request at a time, its refusal in words, its success said aloud. */

import { Check, CircleAlert } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import type { ApiError } from '../lib/api';
import { asApiError } from '../lib/session';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { texts } from '../texts';

export class FormElement extends PageElement {
  @state() protected busy = false;
  @state() protected problem: ApiError | null = null;
  @state() protected done = '';

  /** Does the work, and says `done` after it. A second press while it runs does nothing. */
  protected async work(work: () => Promise<void>, done = ''): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.problem = null;
    this.done = '';
    try {
      await work();
      this.done = done;
      return true;
    } catch (error) {
      this.problem = asApiError(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  protected said(): TemplateResult | typeof nothing {
    if (this.problem !== null) return problemNotice(this.problem);
    if (this.done !== '') return html`<p class="notice good" role="status">${icon(Check)}<span class="said">${this.done}</span></p>`;
    return nothing;
  }

  protected submitButton(words: string, kind = 'primary'): TemplateResult {
    return html`<button class=${`button ${kind}`} type="submit" ?disabled=${this.busy}>${this.busy ? texts.people.working : words}</button>`;
  }
}

export function problemNotice(problem: ApiError): TemplateResult {
  const words = texts.people.problems[problem.code];
  return html`
    <div class="notice bad" role="alert" data-code=${problem.code}>
      ${icon(CircleAlert)}
      <div class="said">
        <span>${words ?? (problem.code === 'network' ? texts.people.offline : problem.message)}</span>
        <span class="code-line">${texts.code} <code>${problem.code}</code></span>
      </div>
    </div>
  `;
}

export interface Field {
  name: string;
  label: string;
  type?: string;
  value?: string;
  help?: string;
  autocomplete?: string;
  required?: boolean;
  minlength?: number;
  maxlength?: number;
  pattern?: string;
}

export function field(field: Field): TemplateResult {
  const plain = field.type === 'password' || field.autocomplete === 'username' || field.name === 'name';
  const id = `${field.name}-${field.label.replace(/\W+/g, '-').toLowerCase()}`;
  return html`
    <div class="field">
      <label for=${id}>${field.label}</label>
      <input
        id=${id}
        name=${field.name}
        type=${field.type ?? 'text'}
        .value=${field.value ?? ''}
        autocomplete=${field.autocomplete ?? 'off'}
        aria-describedby=${field.help ? `${id}-help` : nothing}
        ?required=${field.required ?? false}
        minlength=${field.minlength ?? nothing}
        maxlength=${field.maxlength ?? nothing}
        pattern=${field.pattern ?? nothing}
        title=${field.pattern ? (field.help ?? nothing) : nothing}
        autocapitalize=${plain ? 'none' : nothing}
        spellcheck=${plain ? 'false' : nothing}
      />
      ${field.help ? html`<span id=${`${id}-help`} class="help">${field.help}</span>` : nothing}
    </div>
  `;
}

/** What a form holds: all of it, or the named fields, empty where the form has none of that name. */
export function valuesOf<Name extends string = string>(event: SubmitEvent, ...names: Name[]): Record<Name, string> {
  event.preventDefault();
  const data = new FormData(event.target as HTMLFormElement);
  const found = Object.fromEntries([...data.entries()].map(([name, value]) => [name, typeof value === 'string' ? value : '']));
  return { ...Object.fromEntries(names.map((name) => [name, ''])), ...found } as Record<Name, string>;
}

export const NAME_PATTERN = '[a-z0-9]([a-z0-9_\\-]{0,30}[a-z0-9])?';
