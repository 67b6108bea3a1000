import { Injectable } from '@nestjs/common';
import { FieldCipher } from '../../../platform/encryption/index.js';
import type { Channel, ChannelRecord, ChannelSettings } from '../domain/channel.js';

/** Bound to its organization and its row: copied to another one, it does not open. */
const belongsTo = ({ organizationId, id }: Pick<Channel, 'organizationId' | 'id'>): string =>
  `notification channel ${organizationId} ${id}`;

/** Where channels lead: sealed on the way into rows, opened where it is needed. */
@Injectable()
export class SealedSettings {
  constructor(private readonly cipher: FieldCipher) {}

  seal(channel: Pick<Channel, 'organizationId' | 'id'>, settings: ChannelSettings): Buffer {
    return this.cipher.seal(JSON.stringify(settings), belongsTo(channel));
  }

  /** @throws Unsealable when its key is not there */
  open({ settingsSealed, ...channel }: ChannelRecord): Channel {
    const settings = JSON.parse(this.cipher.open(settingsSealed, belongsTo(channel))) as ChannelSettings;
    return { ...channel, settings };
  }
}
