/** What viewers read about a channel. */

import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { field, valuesOf } from '../people/form';
import { texts } from '../texts';
import { ChannelElement } from './element';

const words = texts.people.dashboard;

@customElement('fl-details')
export class Details extends ChannelElement {
  protected override render(): TemplateResult {
    const { channel } = this;
    return html`
      <section class="panel" aria-labelledby="details-title">
        <h2 id="details-title">${words.sections.details}</h2>
        ${this.said()}
        <form @submit=${this.onSave}>
          ${field({ name: 'title', label: words.details.title, value: channel.title, maxlength: 200 })}
          <label class="field"><span>${words.details.description}</span><textarea name="description" maxlength="2000" .value=${channel.description}></textarea></label>
          ${field({ name: 'category', label: words.details.category, value: channel.category, maxlength: 40 })}
          ${field({ name: 'tags', label: words.details.tags, help: words.details.tagsHelp, value: channel.tags.join(', '), maxlength: 320 })}
          ${field({ name: 'language', label: words.details.language, help: words.details.languageHelp, value: channel.language, maxlength: 16 })}
          <label class="check"><input type="checkbox" name="mature" .checked=${channel.mature} />${words.details.mature}</label>
          ${this.submitButton(texts.people.save)}
        </form>
      </section>
    `;
  }

  private readonly onSave = async (event: SubmitEvent): Promise<void> => {
    const { title, description, category, tags, language, mature } = valuesOf(event, 'title', 'description', 'category', 'tags', 'language', 'mature');
    const list = tags.split(',').map((tag) => tag.trim()).filter((tag) => tag !== '');
    await this.work(() => this.change({ title, description, category, tags: list, language, mature: mature === 'on' }), texts.people.saved);
  };
}
