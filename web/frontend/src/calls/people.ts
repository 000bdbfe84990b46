/** Who is in the call and who waits, and what a host and co-hosts may do about it. */

import { Check, EllipsisVertical, Hand, Lock, LockOpen, Mic, MicOff, MonitorUp, Video, VideoOff, X } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Knock, Order, Seat } from '../lib/call-frames';
import { bitrate, percent } from '../lib/format';
import type { Refused } from '../lib/frames';
import '../people/confirm';
import { face } from '../people/face';
import { PageElement } from '../parts/element';
import { closeByKey, closeWhenLeft } from '../parts/dropdown';
import { icon } from '../parts/icon';
import './invites';
import type { CallSession } from './session';
import { words as all } from './texts';

const words = all.people;

@customElement('fl-call-people')
export class CallPeople extends PageElement {
  @property({ attribute: false }) session!: CallSession;
  @property({ type: Number }) version = 0;
  @state() private problem = '';

  protected override render(): TemplateResult {
    const { call } = this.session;
    return html`<div class="call-people">
      ${this.problem === '' ? nothing : html`<p class="notice bad" role="alert"><span class="said">${this.problem}</span></p>`}
      ${call.mayDirect && call.knocks.length > 0 ? html`<section aria-labelledby="waiting-title"><h3 id="waiting-title">${words.waiting}</h3><ul>${call.knocks.map((knock) => this.knock(knock))}</ul></section>` : nothing}
      <section aria-labelledby="seats-title">
        <h3 id="seats-title">${words.title} <span class="numbers sub">${words.count(call.seats.length, call.limit)}</span></h3>
        <ul>${call.seats.map((seat) => this.seat(seat))}</ul>
      </section>
      ${call.mayDirect
        ? html`<fl-call-invites .call=${call.call}></fl-call-invites>
            <section class="rows-of-buttons">
              <button class="button wide" type="button" data-does="lock" aria-pressed=${call.locked} @click=${() => call.lock(!call.locked, this.refused)}>${icon(call.locked ? LockOpen : Lock)}${call.locked ? words.unlock : words.lock}</button>
              ${call.locked ? html`<p class="help">${words.lockedHelp}</p>` : nothing}
              ${call.me?.role === 'host' ? html`<fl-confirm label=${words.end} question=${words.endQuestion} body=${words.endBody} yes=${words.end} .act=${() => call.end(this.refused)}></fl-confirm>` : nothing}
            </section>`
        : nothing}
    </div>`;
  }

  private knock(knock: Knock): TemplateResult {
    const { call } = this.session;
    return html`<li class="person" data-knock=${knock.name}>
      ${face({ display_name: knock.name, avatar: null })}
      <span class="who">${knock.name}<span class="sub">${knock.account === '' ? all.stage.guest : knock.account}</span></span>
      <button class="button small primary square" type="button" aria-label=${`${words.admit}: ${knock.name}`} title=${words.admit} @click=${() => call.admit(knock.id, true, this.refused)}>${icon(Check)}</button>
      <button class="button small square" type="button" aria-label=${`${words.refuse}: ${knock.name}`} title=${words.refuse} @click=${() => call.admit(knock.id, false, this.refused)}>${icon(X)}</button>
    </li>`;
  }

  private seat(seat: Seat): TemplateResult {
    const { call } = this.session;
    const you = seat.seat === call.you;
    const role = seat.role === 'person' ? (seat.account === '' ? all.stage.guest : seat.account) : all.stage[seat.role];
    return html`<li class="person" data-seat=${seat.seat} data-name=${seat.name} ?data-away=${!seat.present}>
      ${face({ display_name: seat.name, avatar: null })}
      <span class="who">${seat.name}${you ? ` (${all.stage.you})` : ''}<span class="sub">${seat.present ? role : all.stage.away}${this.numbers(seat)}</span></span>
      <span class="marks" aria-hidden="true">${seat.hand ? icon(Hand) : nothing}${seat.screen ? icon(MonitorUp) : nothing}${icon(seat.microphone ? Mic : MicOff)}${icon(seat.camera ? Video : VideoOff)}</span>
      ${call.mayDirect && !you && seat.role !== 'host' ? this.menu(seat) : nothing}
    </li>`;
  }

  private numbers(seat: Seat): TemplateResult | typeof nothing {
    const found = this.session.measureOf(seat.seat);
    if (found === null) return nothing;
    return html`<span class="numbers measured">${words.numbers(Math.round(found.roundTrip), percent(found.lossDown), bitrate(found.down))}</span>`;
  }

  private menu(seat: Seat): TemplateResult {
    const act = (label: string, order: Order, kind = ''): TemplateResult => html`<button type="button" class=${kind} @click=${(event: Event) => this.order(event, seat, order)}>${label}</button>`;
    return html`<details class="menu" @keydown=${closeByKey} @focusout=${closeWhenLeft}>
      <summary class="button quiet square" aria-label=${words.more(seat.name)} title=${words.more(seat.name)}>${icon(EllipsisVertical)}</summary>
      <div class="choices-menu">
        ${seat.microphone ? act(words.mute, 'mute') : nothing} ${seat.hand ? act(words.lower, 'lower_hand') : nothing}
        ${this.session.call.me?.role === 'host' && seat.account !== '' ? act(seat.role === 'cohost' ? words.person : words.cohost, seat.role === 'cohost' ? 'person' : 'cohost') : nothing}
        ${act(words.remove, 'remove', 'danger')}
      </div>
    </details>`;
  }

  private order(event: Event, seat: Seat, order: Order): void {
    const menu = (event.target as Element).closest('details');
    if (menu !== null) menu.open = false;
    this.session.call.direct(seat.seat, order, this.refused);
  }

  private readonly refused = (why: Refused): void => {
    this.problem = why.detail;
    window.setTimeout(() => (this.problem = ''), 6000);
  };
}
