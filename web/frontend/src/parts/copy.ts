/** A command or link with a button that copies it. */

import { Check, Copy } from 'lucide';
import { html, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { texts } from '../texts';
import { PageElement } from './element';
import { icon } from './icon';

/** Puts text on the clipboard; false where the browser does not let us (an insecure address). */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

@customElement('fl-command')
export class Command extends PageElement {
  @property() text = '';
  @state() private copied = false;

  protected override render(): TemplateResult {
    return html`
      <div class="command">
        <pre tabindex="0"><code>${this.text}</code></pre>
        <button class="button quiet square" type="button" aria-label=${this.copied ? texts.copied : texts.copy} title=${texts.copy} @click=${this.copy}>
          ${icon(this.copied ? Check : Copy)}
        </button>
        <span class="hidden-text" role="status">${this.copied ? texts.copied : ''}</span>
      </div>
    `;
  }

  private async copy(): Promise<void> {
    this.copied = await copyText(this.text);
    window.setTimeout(() => {
      this.copied = false;
    }, 2000);
  }
}
