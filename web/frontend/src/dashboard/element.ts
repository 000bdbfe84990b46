/** A part of one channel's dashboard. */

import { property } from 'lit/decorators.js';
import type { OwnChannel } from '../lib/people';
import { call } from '../lib/session';
import { FormElement } from '../people/form';

export class ChannelElement extends FormElement {
  @property({ attribute: false }) channel!: OwnChannel;

  protected get path(): string {
    return `/channels/${encodeURIComponent(this.channel.channel)}`;
  }

  /** Change the channel, and tell the page what it is now. */
  protected async change(values: Record<string, unknown>): Promise<void> {
    this.channel = await call<OwnChannel>('PATCH', this.path, values, this.channel.version);
    this.dispatchEvent(new CustomEvent('changed', { detail: this.channel }));
  }
}
