/** Follow a channel, or stop. */

import { Heart, HeartOff } from 'lucide';
import { html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { rest } from '../lib/rest';
import { askToSignIn, session } from '../lib/session';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import { FormElement } from './form';

const words = texts.people.follow;

@customElement('fl-follow')
export class Follow extends FormElement {
  @property() channel = '';
  @property({ type: Boolean }) following = false;

  protected override render(): TemplateResult {
    return html`
      <button class="button" type="button" aria-pressed=${this.following} ?disabled=${this.busy} @click=${this.onPress}>
        ${icon(this.following ? HeartOff : Heart)}${this.following ? words.following : words.follow}
      </button>
      <span class="hidden-text" role="status">${this.problem?.message ?? ''}</span>
    `;
  }

  private readonly onPress = async (): Promise<void> => {
    if ((await session()).account === null) return askToSignIn();
    if (await this.work(() => (this.following ? rest.follows.unfollow(this.channel) : rest.follows.follow(this.channel, {})))) {
      this.following = !this.following;
      this.dispatchEvent(new CustomEvent('followed', { bubbles: true }));
    }
  };
}
