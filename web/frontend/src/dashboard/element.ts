/** A part of one channel's dashboard. */

import { property } from 'lit/decorators.js';
import { rest, type Channel, type ChannelChange } from '../lib/rest';
import { FormElement } from '../people/form';

export class ChannelElement extends FormElement {
  @property({ attribute: false }) channel!: Channel;

  protected get name(): string {
    return this.channel.channel;
  }

  /** Change the channel, and tell the page what it is now. */
  protected async change(values: ChannelChange): Promise<void> {
    this.channel = await rest.channels.edit(this.name, values, this.channel.version);
    this.dispatchEvent(new CustomEvent('changed', { detail: this.channel }));
  }
}
