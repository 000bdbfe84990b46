/** The player for whoever may watch, and for everybody else what it takes. */

import './player';
import '../people/gate';
import { html, type TemplateResult } from 'lit';
import type { Channel } from '../lib/rest';
import type { Feed, FeedState } from '../lib/feed';
import type { Admission } from './admission';
import { serverSays } from './server-says';

export function entrance(name: string, said: FeedState<Channel>, source: Feed<Channel>, admission: Admission, chat: 'none' | 'hidden' | 'shown' = 'none'): TemplateResult {
  const door = said.kind === 'value' ? admission.door(said.value) : 'open';
  if (door === 'open' || door === 'granted' || door === 'waiting')
    return html`<fl-player .name=${name} .server=${door === 'waiting' ? 'loading' : serverSays(said)} .bearer=${admission.bearer} chat=${chat}></fl-player>`;
  return html`<fl-gate .channel=${name} .door=${door} .open=${admission.open} @followed=${() => source.again()}></fl-gate>`;
}
