/** How one entry of the list is drawn. What people wrote only ever becomes text nodes, never markup. */

import { Ban, CircleAlert, Clock, CornerUpRight, Crown, EllipsisVertical, Eye, Gem, Hourglass, LoaderCircle, Megaphone, Reply, Shield, SmilePlus, Sprout, Timer, Trash2, Wrench } from 'lucide';
import { html, nothing, type TemplateResult } from 'lit';
import type { Draft } from '../lib/drafts';
import type { Author, Badge, Message } from '../lib/frames';
import { count } from '../lib/format';
import type { Entry, MessageEntry, NoticeEntry } from '../lib/timeline';
import { icon } from '../parts/icon';
import { texts } from '../texts';
import { nameColour } from './colour';
import { isOnlyPictures, partsOf, type Part } from './parts';
import { clockTime, day, exactTime, refusal, span } from './words';

const words = texts.chat;
const BADGES: Record<Badge, Parameters<typeof icon>[0]> = { operator: Wrench, owner: Crown, moderator: Shield, vip: Gem, new: Sprout };

/** What a row needs to know beside its entry. A new object whenever something in it changed: rows that saw this one are not drawn again. */
export interface RowContext {
  me: string;
  moderates: boolean;
  writes: boolean;
  timestamps: boolean;
  emotes: ReadonlyMap<string, string>;
  /** Accounts the team looks at more closely; empty for everybody else. */
  watched: ReadonlySet<string>;
  /** `message reaction` of what we reacted with. */
  reacted: ReadonlySet<string>;
  /** Draws what a link leads to, where the team has links looked up and the reader wants that. */
  preview: ((href: string, host: string) => TemplateResult) | null;
  act(what: RowAct, entry: MessageEntry, detail?: string): void;
}

export type RowAct = 'reply' | 'more' | 'delete' | 'timeout' | 'react' | 'pick' | 'edit' | 'find';

export function row(entry: Entry, before: Entry | undefined, context: RowContext, active: boolean): TemplateResult {
  if ('notice' in entry) return notice(entry);
  const { message } = entry;
  const parts = partsOf(message.text, message.mentions ?? [], context.emotes);
  const separated = before !== undefined && 'message' in before && day(before.message.at) !== day(message.at);
  const mentioned = context.me !== '' && ((message.mentions ?? []).includes(context.me) || message.reply?.name === context.me);
  const classes = ['row', message.kind ?? 'text', mentioned ? 'mentioned' : '', message.author.name === context.me ? 'own' : '', entry.gone ? 'gone' : ''];
  return html`
    <li class=${classes.filter(Boolean).join(' ')} data-key=${entry.key} tabindex="-1" aria-label=${words.row.actions(message.author.shown)}>
      ${separated ? html`<p class="day"><span>${day(message.at)}</span></p>` : nothing}
      ${message.kind === 'announcement' ? html`<p class="kind">${icon(Megaphone)}${words.row.announcement}</p>` : nothing}
      ${message.reply && !entry.gone ? quoted(entry, context) : nothing}
      <p class="line">${head(message, context)}${entry.gone && !context.moderates ? html`<em class="removed">${words.row.gone}</em>` : said(message, parts, context)}</p>
      ${entry.gone ? nothing : preview(parts, context)}
      ${entry.gone ? nothing : reactions(entry, context)} ${active && !entry.gone ? tools(entry, context) : nothing}
    </li>
  `;
}

function quoted(entry: MessageEntry, context: RowContext): TemplateResult {
  const { reply } = entry.message;
  return html`<button class="quoted" type="button" tabindex="-1" @click=${() => context.act('find', entry, reply?.id)}>
    ${icon(CornerUpRight)}<span class="hidden-text">${words.row.answers('')}</span><bdi>${reply?.shown}</bdi><bdi class="words">${reply?.text}</bdi>
  </button>`;
}

function head(message: Message, context: RowContext): TemplateResult {
  return html`${context.timestamps ? html`<time class="numbers" datetime=${new Date(message.at).toISOString()} title=${exactTime(message.at)}>${clockTime(message.at)}</time> ` : nothing}${context.watched.has(message.author.name) ? html`<span class="mark-of watched" role="img" aria-label=${words.watched} title=${words.watched}>${icon(Eye)}</span>` : nothing}${badges(message.author)}${name(message.author)}${message.kind === 'action' ? ' ' : html`<span class="colon">: </span>`}`;
}

export function badges(author: Author): TemplateResult | typeof nothing {
  const found = (author.badges ?? []).filter((badge) => badge in BADGES);
  if (found.length === 0) return nothing;
  return html`${found.map((badge) => html`<span class=${`mark-of ${badge}`} role="img" aria-label=${words.badges[badge]} title=${words.badges[badge]}>${icon(BADGES[badge])}</span>`)}`;
}

export function name(author: Author): TemplateResult {
  return html`<bdi class="name" .style=${`color: ${nameColour(author.colour)}`}>${author.shown}</bdi>`;
}

function said(message: Message, parts: readonly Part[], context: RowContext): TemplateResult {
  return html`<bdi class=${isOnlyPictures(parts) ? 'words large' : 'words'}>${parts.map((part) => shown(part, context.me))}</bdi>${message.edited ? html` <small class="edited">(${words.row.edited})</small>` : nothing}`;
}

/** Of the first link that can be looked up. */
function preview(parts: readonly Part[], context: RowContext): TemplateResult | typeof nothing {
  if (context.preview === null) return nothing;
  const link = parts.find((part) => part.kind === 'link' && part.href.startsWith('https://'));
  return link?.kind === 'link' ? context.preview(link.href, link.host) : nothing;
}

export function shown(part: Part, me: string): TemplateResult | string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'link':
      return html`<a href=${part.href} target="_blank" rel="noopener noreferrer nofollow ugc" dir="ltr">${part.before}<b>${part.host}</b>${part.after}</a>`;
    case 'mention':
      return html`<span class=${part.name === me ? 'mention me' : 'mention'}>${part.text}</span>`;
    case 'emote':
      return html`<img class="emote" src=${part.picture} alt=${part.text} title=${part.text} width="28" height="28" loading="lazy" draggable="false" />`;
  }
}

function reactions(entry: MessageEntry, context: RowContext): TemplateResult | typeof nothing {
  const found = Object.entries(entry.message.reactions ?? {}).filter(([, n]) => n > 0);
  if (found.length === 0) return nothing;
  return html`<div class="reactions">
    ${found.map(
      ([what, n]) => html`<button
        type="button"
        tabindex="-1"
        class="numbers"
        aria-pressed=${context.reacted.has(`${entry.key} ${what}`)}
        aria-label=${words.row.reaction(what, n)}
        ?disabled=${!context.writes}
        @click=${() => context.act('react', entry, what)}
      >
        ${picture(what, context)}<span>${count(n, true)}</span>
      </button>`,
    )}
  </div>`;
}

function picture(what: string, context: RowContext): TemplateResult | string {
  const found = context.emotes.get(what.replaceAll(':', ''));
  return found === undefined ? what : html`<img class="emote" src=${found} alt="" width="18" height="18" />`;
}

function tools(entry: MessageEntry, context: RowContext): TemplateResult {
  const button = (what: RowAct, label: string, node: Parameters<typeof icon>[0], kind = ''): TemplateResult =>
    html`<button class=${kind} type="button" tabindex="-1" aria-label=${label} title=${label} @click=${(event: Event) => {
      event.stopPropagation();
      context.act(what, entry);
    }}>${icon(node)}</button>`;
  const own = entry.message.author.name === context.me;
  return html`<div class="tools">
    ${context.writes ? html`${button('pick', words.row.react, SmilePlus)}${button('reply', words.row.reply, Reply)}` : nothing}
    ${context.moderates && !own ? button('timeout', words.row.timeout(span(600)), Timer) : nothing}
    ${context.moderates || own ? button('delete', words.row.delete, Trash2, 'danger') : nothing} ${button('more', words.row.more, EllipsisVertical)}
  </div>`;
}

function notice(entry: NoticeEntry): TemplateResult {
  const { notice: it } = entry;
  const line = (node: Parameters<typeof icon>[0] | null, text: string): TemplateResult =>
    html`<li class=${`row notice-line ${it.what}`} data-key=${entry.key} tabindex="-1"><p>${node ? icon(node) : nothing}<span>${text}</span></p></li>`;
  switch (it.what) {
    case 'missed':
      return line(CircleAlert, words.notices.missed);
    case 'cleared':
      return line(Trash2, words.notices.cleared);
    case 'came':
      return line(null, words.notices.came(it.names.join(', ')));
    case 'answer':
      return line(null, it.text);
    case 'restricted': {
      const left = (it.until - Date.now()) / 1000;
      return it.until === 0 ? line(Ban, words.notices.restricted(it.name)) : line(Clock, words.notices.restrictedFor(it.name, span(left)));
    }
  }
}

/** What we wrote and the room does not show yet. */
export function draftRow(draft: Draft, author: Author | null, context: RowContext, online: boolean, retry: () => void, discard: () => void): TemplateResult {
  const { state } = draft;
  const why = state === 'failed' ? refusal(draft.code, draft.detail) : state === 'held' ? words.drafts.held : online ? words.drafts.sending : words.drafts.waiting;
  return html`
    <li class=${`row draft ${state}`} data-key=${draft.id} tabindex="-1">
      <p class="line">
        ${author ? html`${badges(author)}${name(author)}<span class="colon">: </span>` : nothing}<bdi class="words">${partsOf(draft.text, [], context.emotes).map((part) => shown(part, context.me))}</bdi>
      </p>
      ${state === 'sent'
        ? nothing
        : html`<p class="state">
            ${icon(state === 'failed' ? CircleAlert : state === 'held' ? Hourglass : LoaderCircle)}<span>${why}</span>
            ${state === 'failed' ? html`<button class="link" type="button" @click=${retry}>${words.drafts.retry}</button>` : nothing}
            ${state === 'sending' && online ? nothing : html`<button class="link" type="button" @click=${discard}>${words.drafts.discard}</button>`}
          </p>`}
    </li>
  `;
}
