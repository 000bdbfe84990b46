/** How the room is run: the shield, the modes, whose links are taken. Every change is in force at once, and can be undone. */

import { Shield, ShieldCheck } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { span } from '../chat/words';
import { PageElement } from '../parts/element';
import { icon } from '../parts/icon';
import { moderation } from './texts';
import type { Desk } from './desk';
import { choices, modeFields, row, turn, withValue } from './mode-fields';
import type { RoomSettings } from './server';

const words = moderation;
const JOINS = [5, 10, 20, 50, 100, 200];
const UP_FOR = [5, 10, 30, 60, 180, 1440];
const SWITCHES = ['anonymous_readers', 'join_notices', 'previews'] as const;

@customElement('fl-modes')
export class ModesPart extends PageElement {
  @property({ attribute: false }) desk!: Desk;
  /** Changed by whoever draws us when they changed. */
  @property({ attribute: false }) settings: RoomSettings | null = null;

  protected override render(): TemplateResult {
    const { settings } = this;
    if (settings === null)
      return html`<div class="mode-list" aria-hidden="true"><div class="skeleton shield-skeleton"></div>${[0, 1, 2, 3, 4].map(() => html`<div class="mode"><div class="skeleton line short"></div><div class="skeleton choice-skeleton"></div></div>`)}</div>`;
    const { desk } = this;
    return html`
      ${this.shield(settings)}
      <section aria-labelledby="modes-title">
        <h3 id="modes-title">${words.modes.title}</h3>
        ${modeFields(settings.modes, 'modes', (modes) => void desk.change({ modes }))}
        ${this.hosts(settings)}
      </section>
      <section aria-labelledby="room-title">
        <h3 id="room-title">${words.modes.room}</h3>
        <div class="mode-list">${SWITCHES.map((name) => row('room', name, turn(`room-${name}`, settings[name], (on) => void desk.change({ [name]: on }))))}</div>
      </section>
    `;
  }

  private shield(settings: RoomSettings): TemplateResult {
    const { desk } = this;
    const { shield, shield_until_ms: until, raid } = settings;
    return html`
      <section class=${shield ? 'shield up' : 'shield'} aria-labelledby="shield-title">
        <h3 id="shield-title" class="hidden-text">${words.shield.title}</h3>
        <button class="shield-switch" type="button" role="switch" aria-checked=${shield} aria-describedby="shield-body" aria-keyshortcuts="Shift+S" @click=${() => desk.turnShield()}>
          ${icon(shield ? ShieldCheck : Shield)}<span>${shield ? words.shield.up : words.shield.down}<small>${shield ? words.shield.lower : words.shield.raise}</small></span><span class="knob" aria-hidden="true"></span>
        </button>
        <p id="shield-body" class="sub">${shield && until !== null ? words.shield.until(span(Math.max(1, (until - Date.now()) / 1000))) : words.shield.body}</p>
        <details>
          <summary>${words.shield.bundle}</summary>
          ${modeFields(settings.shield_modes, 'shield', (shield_modes) => void desk.change({ shield_modes }))}
        </details>
        <details>
          <summary>${words.shield.raid}</summary>
          <div class="mode-list">
            <div class="mode"><label for="raid-joins">${words.shield.joins}</label>
              ${choices('raid-joins', [['0', words.shield.off], ...withValue(JOINS, raid.joins).map((one): [string, string] => [String(one), String(one)])], String(raid.joins), (value) => void desk.change({ raid: { joins: Number(value) } }))}</div>
            <div class="mode"><label for="raid-minutes">${words.shield.minutes}</label>
              ${choices('raid-minutes', withValue(UP_FOR, raid.minutes).map((one): [string, string] => [String(one), span(one * 60)]), String(raid.minutes), (value) => void desk.change({ raid: { minutes: Number(value) } }))}</div>
          </div>
        </details>
      </section>
    `;
  }

  private hosts(settings: RoomSettings): TemplateResult | typeof nothing {
    return html`<form class="hosts" @submit=${this.onHosts}>
      <label class="field"><span>${words.modes.hosts}</span><textarea name="hosts" rows="3" spellcheck="false" autocapitalize="none" aria-describedby="hosts-help" .value=${settings.allowed_hosts.join('\n')}></textarea></label>
      <span id="hosts-help" class="help">${words.modes.hostsHelp}</span>
      <button class="button small" type="submit">${words.save}</button>
    </form>`;
  }

  private readonly onHosts = (event: SubmitEvent): void => {
    event.preventDefault();
    const text = String(new FormData(event.target as HTMLFormElement).get('hosts'));
    const hosts = [...new Set(text.split(/[\s,]+/).map((host) => host.trim().toLowerCase()).filter(Boolean))];
    void this.desk.change({ allowed_hosts: hosts });
  };
}
