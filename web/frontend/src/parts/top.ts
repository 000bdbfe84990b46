/** The page's head: the mark, the way to the studio, the colours, and who is signed in. */

import { Moon, Sun, SunMoon, Video } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { rest, type Account } from '../lib/rest';
import { returnPath, session } from '../lib/session';
import { setTheme, theme, type Theme } from '../lib/theme';
import { face } from '../people/face';
import '../people/notifications';
import { texts } from '../texts';
import { closeByKey, closeWhenLeft } from './dropdown';
import { PageElement } from './element';
import { icon } from './icon';
import { mark } from './mark';

const NEXT: Record<Theme, Theme> = { system: 'dark', dark: 'light', light: 'system' };
const words = texts.people.nav;

@customElement('fl-top')
export class Top extends PageElement {
  @property() here: 'front' | 'watch' | 'studio' | 'sign' | 'account' | 'dashboard' | 'moderate' | 'admin' | 'calls' = 'front';
  @state() private theme: Theme = theme();
  @state() private account: Account | null | undefined = undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void session().then((found) => {
      this.account = found.account;
    });
  }

  protected override render(): TemplateResult {
    return html`
      <a class="skip" href="#content">${texts.skip}</a>
      <header class="top" data-page=${this.here}>
        <div class="page">
          <a class="brand" href="/" aria-label=${texts.nav.front}>${mark()}<span>${texts.product}</span></a>
          <button class="button quiet square" type="button" title=${texts.theme[this.theme]} aria-label=${`${texts.theme.label}: ${texts.theme[this.theme]}`} @click=${this.turn}>
            ${icon(this.theme === 'system' ? SunMoon : this.theme === 'dark' ? Moon : Sun)}
          </button>
          <nav aria-label=${texts.nav.label}>
            ${this.here === 'studio' ? nothing : html`<a class="button" href="/studio">${icon(Video)}${texts.nav.goLive}</a>`} ${this.person()}
          </nav>
        </div>
      </header>
    `;
  }

  private person(): TemplateResult | typeof nothing {
    if (this.account === undefined) return html`<span class="person" aria-hidden="true"></span>`;
    if (this.account === null) {
      if (this.here === 'sign') return nothing;
      const here = window.location.pathname + window.location.search;
      return html`<a class="button quiet" href=${here === '/' ? '/signin' : `/signin?next=${encodeURIComponent(returnPath(`next=${encodeURIComponent(here)}`, '/'))}`}>${words.signIn}</a>`;
    }
    const { account } = this;
    return html`
      <fl-notifications></fl-notifications>
      <details class="menu" @keydown=${closeByKey} @focusout=${closeWhenLeft}>
        <summary aria-label=${words.menu(account.display_name)}>${face(account)}</summary>
        <div class="choices-menu">
          <p>${account.display_name}<span class="sub">${account.name}</span></p>
          <a href="/dashboard">${words.dashboard}</a>
          <a href="/calls">${words.calls}</a>
          <a href="/account">${words.account}</a>
          ${account.role === 'operator' ? html`<a href="/admin">${words.admin}</a>` : nothing}
          <button type="button" @click=${this.signOut}>${words.signOut}</button>
        </div>
      </details>
    `;
  }

  private readonly signOut = async (): Promise<void> => {
    await rest.sessions.sign_out().catch(() => undefined);
    window.location.assign('/');
  };

  private turn(): void {
    this.theme = NEXT[this.theme];
    setTheme(this.theme);
  }
}
