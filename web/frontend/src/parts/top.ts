/** The page's head: the mark, the way to the studio, the colours. */

import { Moon, Sun, SunMoon, Video } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { setTheme, theme, type Theme } from '../lib/theme';
import { texts } from '../texts';
import { PageElement } from './element';
import { icon } from './icon';
import { mark } from './mark';

const NEXT: Record<Theme, Theme> = { system: 'dark', dark: 'light', light: 'system' };

@customElement('fl-top')
export class Top extends PageElement {
  @property() here: 'front' | 'watch' | 'studio' = 'front';
  @state() private theme: Theme = theme();

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
            ${this.here === 'studio' ? nothing : html`<a class="button" href="/studio">${icon(Video)}${texts.nav.goLive}</a>`}
          </nav>
        </div>
      </header>
    `;
  }

  private turn(): void {
    this.theme = NEXT[this.theme];
    setTheme(this.theme);
  }
}
