/** In the player's place where a channel is not open to whoever looks: what it takes to watch. */

import { Lock } from 'lucide';
import { html, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Door } from '../lib/playback-token';
import { askToSignIn } from '../lib/session';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import './follow';
import { field, FormElement, valuesOf } from './form';

const words = texts.people.private;

@customElement('fl-gate')
export class Gate extends FormElement {
  @property() channel = '';
  @property() door: Door = 'refused';
  @property({ attribute: false }) open: (password: string) => Promise<void> = () => Promise.resolve();

  protected override render(): TemplateResult {
    return html`<section class="player over-video gate" data-door=${this.door}><div class="cover">${this.said()} ${this.words()}</div></section>`;
  }

  private words(): TemplateResult {
    switch (this.door) {
      case 'sign-in':
        return html`${icon(Lock)}
          <h2>${words.signIn.title}</h2>
          <p>${words.signIn.body}</p>
          <button class="button primary" type="button" @click=${askToSignIn}>${words.signIn.yes}</button>`;
      case 'follow':
        return html`${icon(Lock)}
          <h2>${words.followers.title}</h2>
          <p>${words.followers.body}</p>
          <fl-follow .channel=${this.channel}></fl-follow>`;
      case 'password':
        return html`${icon(Lock)}
          <h2>${words.password.title}</h2>
          <form @submit=${this.onPassword}>${field({ name: 'password', label: words.password.label, type: 'password', required: true, maxlength: 200 })} ${this.submitButton(words.password.yes)}</form>`;
      default:
        return html`${icon(Lock)}
          <h2>${words.refused.title}</h2>
          <p>${words.refused.body}</p>
          <a class="button" href="/">${texts.watch.others}</a>`;
    }
  }

  private readonly onPassword = async (event: SubmitEvent): Promise<void> => {
    const { password } = valuesOf(event, 'password');
    await this.work(() => this.open(password ?? ''));
  };
}
