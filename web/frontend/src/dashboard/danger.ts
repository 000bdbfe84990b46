/** Another name, or the end of the channel. */

import '../people/confirm';
import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { rest } from '../lib/rest';
import { field, NAME_PATTERN, valuesOf } from '../people/form';
import { texts } from '../texts';
import { ChannelElement } from './element';

const words = texts.people.dashboard.danger;

@customElement('fl-danger')
export class Danger extends ChannelElement {
  protected override render(): TemplateResult {
    return html`
      <section class="panel" aria-labelledby="danger-title">
        <h2 id="danger-title">${texts.people.dashboard.sections.danger}</h2>
        ${this.said()}
        <form @submit=${this.onRename}>
          ${field({ name: 'name', label: words.rename, help: words.renameHelp, value: this.channel.channel, required: true, maxlength: 32, pattern: NAME_PATTERN })}
          ${this.submitButton(words.renameYes, '')}
        </form>
        <p><fl-confirm label=${words.delete} question=${words.question} body=${words.warning} yes=${words.yes} .act=${() => void this.leave()}></fl-confirm></p>
      </section>
    `;
  }

  private readonly onRename = async (event: SubmitEvent): Promise<void> => {
    const { name } = valuesOf(event, 'name');
    if (await this.work(() => this.change({ name }))) window.location.assign(`/dashboard/${name}`);
  };

  private async leave(): Promise<void> {
    if (await this.work(async () => void (await rest.channels.delete(this.name, this.channel.version)))) window.location.assign('/dashboard');
  }
}
