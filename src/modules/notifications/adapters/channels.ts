import { Injectable } from '@nestjs/common';
import type { ChannelKind, ChannelSettings, Destination } from '../domain/channel.js';
import type { Message, NotificationChannel, SendOutcome } from '../domain/notification-channel.js';
import { EmailChannel } from './email.channel.js';
import { SlackChannel } from './slack.channel.js';

/** THE list of channels: another one is added here. */
@Injectable()
export class Channels {
  private readonly byKind: { readonly [Kind in ChannelKind]: NotificationChannel<Kind> };

  constructor(email: EmailChannel, slack: SlackChannel) {
    this.byKind = { email, slack };
  }

  /** @throws channel_not_configured, validation_failed, url_not_allowed */
  settingsOf(kind: ChannelKind, destination: Destination): ChannelSettings {
    return this.byKind[kind].settingsOf(destination);
  }

  send(settings: ChannelSettings, message: Message): Promise<SendOutcome> {
    // Settings carry the kind they are for.
    const channel: NotificationChannel = this.byKind[settings.kind];
    return channel.send(settings, message);
  }
}
