/** A page for signed-in people: it knows who they are, or shows them where to sign in. */

import { html, type TemplateResult } from 'lit';
import { state } from 'lit/decorators.js';
import type { Account } from '../lib/rest';
import { askToSignIn, session } from '../lib/session';
import { PageElement } from '../parts/element';
import { texts } from '../texts';

export class PeoplePage extends PageElement {
  @state() protected account: Account | null | undefined = undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void session().then((found) => {
      this.account = found.account;
      if (found.account === null) askToSignIn();
      else this.signedIn(found.account);
    });
  }

  /** On a phone the sections are a row that scrolls: the open one is in sight. */
  protected override updated(): void {
    const open = this.querySelector<HTMLElement>('.side [aria-current]');
    const row = open?.parentElement;
    if (open && row) row.scrollLeft = open.offsetLeft - row.offsetLeft - (row.clientWidth - open.offsetWidth) / 2;
  }

  /** Called once, when it is known who is there. */
  protected signedIn(_: Account): void {}

  protected waiting(): TemplateResult {
    return html`
      <main id="content" class="page people" tabindex="-1">
        <h1 class="hidden-text" role="status">${texts.people.loading}</h1>
        <div class="skeleton heading" aria-hidden="true"></div>
        <div class="panel" aria-hidden="true"><div class="skeleton line"></div><div class="skeleton line short"></div><div class="skeleton line"></div></div>
      </main>
    `;
  }
}
