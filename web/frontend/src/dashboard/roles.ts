/** Who helps in the channel, and who may watch where only named people may. */

import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { rest, type ChannelRole, type Role } from '../lib/rest';
import { field, NAME_PATTERN, valuesOf } from '../people/form';
import { List } from '../people/list';
import { texts } from '../texts';
import { ChannelElement } from './element';

const words = texts.people.dashboard.roles;

@customElement('fl-roles')
export class Roles extends ChannelElement {
  private readonly list = new List<Role>(this, (query) => rest.roles.roles(this.name, query));

  override connectedCallback(): void {
    super.connectedCallback();
    void this.list.read();
  }

  protected override render(): TemplateResult {
    return html`
      <section class="panel" aria-labelledby="roles-title">
        <h2 id="roles-title">${texts.people.dashboard.sections.roles}</h2>
        <p class="lead">${words.body}</p>
        ${this.said()} ${this.list.render((holder) => this.row(holder), words.empty)}
        <form @submit=${this.onGive}>
          ${field({ name: 'name', label: words.who, required: true, maxlength: 32, pattern: NAME_PATTERN })}
          <label class="field"
            ><span>${words.role}</span>
            <select name="role">
              ${Object.entries(words.names).map(([role, name]) => html`<option value=${role}>${name}</option>`)}
            </select></label
          >
          ${this.submitButton(words.add)}
        </form>
      </section>
    `;
  }

  private row(holder: Role): TemplateResult {
    return html`
      <tr>
        <td>${holder.display_name}<span class="sub">${holder.account}</span></td>
        <td><span class="tag">${words.names[holder.role] ?? holder.role}</span></td>
        <td class="end"><button class="button small" type="button" @click=${() => void this.take(holder)}>${words.take}</button></td>
      </tr>
    `;
  }

  private readonly onGive = async (event: SubmitEvent): Promise<void> => {
    const { name, role } = valuesOf(event, 'name', 'role');
    const form = event.target as HTMLFormElement;
    await this.work(async () => {
      await rest.roles.give(this.name, name, { role: role as ChannelRole });
      form.reset();
      await this.list.read();
    });
  };

  private async take(holder: Role): Promise<void> {
    await this.work(async () => {
      await rest.roles.take(this.name, holder.account);
      await this.list.read();
    });
  }
}
