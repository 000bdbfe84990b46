/** `/chat/<channel>`: the chat alone, in a window of its own or docked in OBS; with `?overlay=1` its messages over nothing, for a picture. */

import '../styles/base.css';
import '../styles/forms.css';
import '../styles/chat.css';
import '../styles/chat-page.css';
import '../chat/panel';
import { html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import { channelOfPath, PageElement } from '../parts/element';
import { texts } from '../texts';

@customElement('fl-chat-page')
export class ChatPage extends PageElement {
  private readonly name = channelOfPath(window.location.pathname);
  private readonly overlay = new URLSearchParams(window.location.search).get('overlay') === '1';

  override connectedCallback(): void {
    super.connectedCallback();
    document.title = texts.chat.page(this.name);
  }

  protected override render(): TemplateResult {
    return html`
      <main id="content" class=${this.overlay ? 'chat-page overlay' : 'chat-page'}>
        <h1 class="hidden-text">${texts.chat.page(this.name)}</h1>
        <fl-chat .channel=${this.name} variant=${this.overlay ? 'overlay' : 'plain'}></fl-chat>
      </main>
    `;
  }
}
