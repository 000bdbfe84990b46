/** `/dashboard`: my channels; `/dashboard/<channel>`: everything about one. */

import '../styles/base.css';
import '../styles/people.css';
import '../parts/top';
import '../dashboard/access';
import '../dashboard/broadcasts';
import '../dashboard/details';
import '../dashboard/keys';
import '../dashboard/mine';
import '../dashboard/roles';
import { ExternalLink, Shield, Video } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { ApiError } from '../lib/api';
import { rest, type Channel } from '../lib/rest';
import { asApiError } from '../lib/session';
import { channelOfPath } from '../parts/element';
import { icon } from '../parts/icon';
import { problemNotice } from '../people/form';
import { PeoplePage } from '../people/page';
import { side } from '../people/side';
import { texts } from '../texts';

const words = texts.people.dashboard;

@customElement('fl-dashboard')
export class Dashboard extends PeoplePage {
  @state() private channel: Channel | null = null;
  @state() private problem: ApiError | null = null;
  @state() private section = window.location.hash.slice(1);
  private readonly name = channelOfPath(window.location.pathname);

  override connectedCallback(): void {
    super.connectedCallback();
    document.title = words.page;
    window.addEventListener('hashchange', this.onHash);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('hashchange', this.onHash);
  }

  private readonly onHash = (): void => {
    this.section = window.location.hash.slice(1);
  };

  protected override signedIn(): void {
    if (this.name !== '') void this.read();
  }

  private async read(): Promise<void> {
    try {
      this.channel = await rest.live.channel(this.name);
      document.title = `${this.channel.title || this.channel.channel} · ${words.page}`;
    } catch (error) {
      this.problem = asApiError(error);
    }
  }

  protected override render(): TemplateResult {
    return html`<fl-top here="dashboard"></fl-top>${this.content()}`;
  }

  private content(): TemplateResult {
    if (this.problem !== null) return this.refused();
    if (!this.account || (this.name !== '' && this.channel === null)) return this.waiting();
    if (this.channel === null) return html`<main id="content" class="page people" tabindex="-1"><h1>${words.title}</h1><fl-my-channels></fl-my-channels></main>`;
    if (!this.channel.can.includes('edit')) return this.refused();
    return this.one(this.channel);
  }

  private refused(): TemplateResult {
    const missing = this.problem === null || this.problem.status === 404;
    return html`
      <main id="content" class="page people" tabindex="-1">
        <h1>${words.title}</h1>
        ${missing ? html`<p class="notice warn" role="alert"><span class="said">${words.missing}</span></p>` : this.problem && problemNotice(this.problem)}
        <p><a href="/dashboard">${words.back}</a></p>
      </main>
    `;
  }

  private one(channel: Channel): TemplateResult {
    const here = this.section in words.sections ? (this.section as keyof typeof words.sections) : 'details';
    if (here === 'danger') void import('../dashboard/danger');
    if (here === 'pictures') void import('../dashboard/pictures');
    if (here === 'emotes') void import('../dashboard/emotes');
    const changed = (event: CustomEvent<Channel>): void => {
      this.channel = event.detail;
    };
    const parts = {
      details: html`<fl-details .channel=${channel} @changed=${changed}></fl-details>`,
      keys: html`<fl-keys .channel=${channel}></fl-keys>`,
      access: html`<fl-access .channel=${channel} @changed=${changed}></fl-access>`,
      roles: html`<fl-roles .channel=${channel}></fl-roles>`,
      pictures: html`<fl-channel-pictures .channel=${channel} @changed=${changed}></fl-channel-pictures>`,
      emotes: html`<fl-emotes .channel=${channel}></fl-emotes>`,
      broadcasts: html`<fl-past .channel=${channel}></fl-past>`,
      danger: html`<fl-danger .channel=${channel}></fl-danger>`,
    };
    return html`
      <main id="content" class="page people" tabindex="-1">
        <div class="title">
          <div>
            <h1>${channel.title || channel.channel}</h1>
            <p><a href="/dashboard">${words.title}</a> / ${channel.channel}</p>
          </div>
          <p class="row">
            <a class="button" href=${`/watch/${channel.channel}`}>${icon(ExternalLink)}${words.watch}</a>
            ${channel.can.includes('moderate') ? html`<a class="button" href=${`/moderate/${channel.channel}`}>${icon(Shield)}${words.moderate}</a>` : nothing}
            <a class="button primary" href=${`/studio?channel=${channel.channel}`}>${icon(Video)}${words.goLive}</a>
          </p>
        </div>
        <div class="with-side">${side(words.sections, here, channel.channel)}<div>${parts[here]}</div></div>
      </main>
    `;
  }
}
