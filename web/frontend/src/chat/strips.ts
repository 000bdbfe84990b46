/** The lines above and below the messages: the connection, what is pinned, what was just done, and what is there in the messages' place. */

import { Pin, WifiOff, X } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import type { Message } from '../lib/frames';
import { askToSignIn } from '../lib/session';
import type { SocketState } from '../lib/socket';
import { icon } from '../parts/icon';
import { mark } from '../parts/mark';
import { texts } from '../texts';
import './appeal';
import type { Line } from './moderation';
import { partsOf } from './parts';
import { name, shown, type RowContext } from './row';

const words = texts.chat;
/** Seconds: a shorter wait is not worth counting down. */
const SHORT = 3;

export interface ConnectionActs {
  now(): void;
  again(): void;
  signIn(): void;
}

/** `lasting`: the connection has been away so long that somebody would notice. `waits`: something is to be sent. */
export function connectionStrip(state: SocketState, lasting: boolean, waits: boolean, acts: ConnectionActs): TemplateResult | typeof nothing {
  if (state.kind === 'online' || (state.kind === 'stopped' && state.why === 'not_started')) return nothing;
  if (state.kind === 'stopped') {
    const out = state.why === 'signed_out';
    return html`<div class="strip" role="status" data-strip=${state.why}>
      ${icon(WifiOff)}<span>${out ? words.connection.signedOut : `${words.connection.refused} ${state.detail}`}</span>
      ${out ? html`<button class="link" type="button" @click=${acts.signIn}>${words.reasons.signIn}</button>` : nothing}
      <button class="link" type="button" @click=${acts.again}>${words.connection.again}</button>
    </div>`;
  }
  if (!lasting) return nothing;
  const left = state.kind === 'offline' ? Math.ceil((state.again - (performance.timeOrigin + performance.now())) / 1000) : 0;
  return html`<div class="strip" data-strip="reconnecting">
    ${icon(WifiOff)}<span role="status">${left > SHORT ? words.connection.offline(left) : words.connection.reconnecting}${waits ? ` ${words.connection.kept}` : ''}</span>
    ${left > SHORT ? html`<button class="link" type="button" @click=${acts.now}>${words.connection.now}</button>` : nothing}
  </div>`;
}

export function mentionStrip(who: string, close: () => void): TemplateResult {
  return html`<div class="strip good" role="status">
    <span>${words.mentioned(who)}</span>
    <button class="button quiet square" type="button" aria-label=${texts.close} @click=${close}>${icon(X)}</button>
  </div>`;
}

export function pinnedStrip(pinned: Message, context: RowContext, close: () => void): TemplateResult {
  const parts = partsOf(pinned.text, pinned.mentions ?? [], context.emotes);
  return html`<aside class="pinned" aria-label=${words.pinned}>
    ${icon(Pin)}
    <p>${name(pinned.author)}<span class="colon">: </span><bdi class="words">${parts.map((part) => shown(part, context.me))}</bdi></p>
    <button class="button quiet square" type="button" aria-label=${texts.close} title=${texts.close} @click=${close}>${icon(X)}</button>
  </aside>`;
}

/** We are not in the room. */
export function closedCard(channel: string, code: string, detail: string, again: () => void): TemplateResult {
  const said = words.out[code] ?? words.out['other'];
  return html`<div class="nothing" role="status" data-code=${code}>
    ${mark('dim')}
    <h3>${said?.title}</h3>
    <p>${said?.body || detail}</p>
    ${code === 'chat_banned' ? html`<fl-chat-appeal .channel=${channel}></fl-chat-appeal>` : nothing}
    ${code === 'sign_in_required' ? html`<button class="button primary" type="button" @click=${askToSignIn}>${words.reasons.signIn}</button>` : nothing}
    <button class="button quiet" type="button" @click=${again}>${texts.retry}</button>
  </div>`;
}

export function emptyCard(writes: boolean): TemplateResult {
  return html`<div class="nothing">${mark('dim')}<h3>${words.empty.title}</h3><p>${writes ? words.empty.body : words.empty.quiet}</p></div>`;
}

export function waitingLines(): TemplateResult {
  return html`<div class="waiting" role="status">
    <span class="hidden-text">${words.loading}</span>
    ${[60, 85, 40, 75, 55, 90, 35, 70].map((width) => html`<div class="skeleton line" .style=${`inline-size: ${width}%`}></div>`)}
  </div>`;
}

export interface Told {
  text: string;
  bad: boolean;
  /** The line of the moderation log that can be undone. */
  line: Line;
}

export function toldLine(told: Told, undo: (line: string) => void): TemplateResult {
  const { line } = told;
  return html`<p class=${told.bad ? 'told bad' : 'told'} role="alert">
    <span>${told.text}</span>${line === null ? nothing : html`<button class="link" type="button" @click=${() => undo(line)}>${words.card.undo}</button>`}
  </p>`;
}
