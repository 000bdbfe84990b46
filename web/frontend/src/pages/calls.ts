/** `/calls`: start a call, and find those of before. */

import '../styles/base.css';
import '../styles/people.css';
import '../styles/calls-list.css';
import '../calls/list';
import '../calls/start';
import '../parts/top';
import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { words } from '../calls/list-texts';
import { PeoplePage } from '../people/page';

@customElement('fl-calls')
export class CallsPage extends PeoplePage {
  override connectedCallback(): void {
    super.connectedCallback();
    document.title = words.page;
  }

  protected override render(): TemplateResult {
    return html`<fl-top here="calls"></fl-top>${this.account ? this.content() : this.waiting()}`;
  }

  private content(): TemplateResult {
    return html`<main id="content" class="page people calls" tabindex="-1">
      <div class="title"><div><h1>${words.title}</h1><p>${words.lead}</p></div></div>
      <fl-call-start></fl-call-start>
      <fl-call-list></fl-call-list>
    </main>`;
  }
}
