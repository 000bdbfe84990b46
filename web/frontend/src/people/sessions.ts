/** Where I am signed in. */

import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { rest, type Session } from '../lib/rest';
import { texts } from '../texts';
import { FormElement } from './form';
import { List } from './list';
import { programOf } from './program';
import { when } from './when';

const words = texts.people.account.sessions;

@customElement('fl-sessions')
export class Sessions extends FormElement {
  private readonly list = new List<Session>(this, (query) => rest.sessions.list(query));

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.read();
  }

  protected override render(): TemplateResult {
    const head = html`<tr><th>${words.where}</th><th>${words.last}</th><th></th></tr>`;
    return html`
      <section class="panel" aria-labelledby="sessions-title">
        <h2 id="sessions-title">${words.title}</h2>
        ${this.said()} ${this.list.render((session) => this.row(session), words.empty, head)}
      </section>
    `;
  }

  private row(session: Session): TemplateResult {
    return html`
      <tr>
        <td>${programOf(session.user_agent)}<span class="sub numbers">${session.address}</span></td>
        <td data-label=${words.last}>${when(session.used_ms)}</td>
        <td class="end">
          ${session.current ? html`<span class="tag good">${words.this}</span>` : html`<button class="button small" type="button" @click=${() => void this.end(session)}>${words.end}</button>`}
        </td>
      </tr>
    `;
  }

  private async end(session: Session): Promise<void> {
    await this.work(async () => {
      await rest.sessions.end(session.id);
      await this.list.read();
    });
  }
}

