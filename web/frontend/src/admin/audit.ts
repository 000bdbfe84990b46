/** What was done, by whom. */

import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { rest, type AuditEntry } from '../lib/rest';
import { PageElement } from '../parts/element';
import { List } from '../people/list';
import { when } from '../people/when';
import { texts } from '../texts';

const words = texts.people.admin.audit;

@customElement('fl-audit')
export class Audit extends PageElement {
  private readonly list = new List<AuditEntry>(this, (query) => rest.admin.audit({ limit: '50', ...query }));

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.read();
  }

  protected override render(): TemplateResult {
    const head = html`<tr><th>${words.when}</th><th>${words.who}</th><th>${words.what}</th><th>${words.about}</th></tr>`;
    return html`
      <section class="panel" aria-labelledby="audit-title">
        <h2 id="audit-title">${texts.people.admin.sections.audit}</h2>
        ${this.list.render((entry) => this.row(entry), words.empty, head)}
      </section>
    `;
  }

  private row(entry: AuditEntry): TemplateResult {
    return html`
      <tr>
        <td>${when(entry.created_ms)}</td>
        <td>${entry.actor ?? words.system}</td>
        <td><code>${entry.action}</code></td>
        <td>${[entry.channel, entry.subject].filter(Boolean).join(' · ')}</td>
      </tr>
    `;
  }
}
