/** A question before something that can't be taken back. */

import { html, type TemplateResult } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { PageElement } from '../parts/element';
import { texts } from '../texts';

@customElement('fl-confirm')
export class Confirm extends PageElement {
  @property() label = '';
  @property() question = '';
  @property() body = '';
  @property() yes = '';
  @property({ attribute: false }) act: () => void = () => undefined;

  @query('dialog') private dialog!: HTMLDialogElement;

  protected override render(): TemplateResult {
    return html`
      <button class="button quiet danger" type="button" @click=${() => this.dialog.showModal()}>${this.label}</button>
      <dialog aria-label=${this.question}>
        <h2>${this.question}</h2>
        <p>${this.body}</p>
        <div class="row">
          <button class="button" type="button" @click=${() => this.dialog.close()}>${texts.cancel}</button>
          <button class="button danger filled" type="button" @click=${this.confirmed}>${this.yes}</button>
        </div>
      </dialog>
    `;
  }

  private readonly confirmed = (): void => {
    this.dialog.close();
    this.act();
  };
}
