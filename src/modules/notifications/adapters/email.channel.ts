import { Inject, Injectable } from '@nestjs/common';
import MailComposer from 'nodemailer/lib/mail-composer';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import type { Sender } from '../../../config/smtp.js';
import type { ChannelSettings, Destination } from '../domain/channel.js';
import {
  channelNotConfigured,
  destinationMissing,
  notForThisKind,
  ruleViolations,
} from '../domain/notification.errors.js';
import type { Message, NotificationChannel, SendOutcome } from '../domain/notification-channel.js';
import { handOver, type Mail } from './smtp-session.js';
import { outcomeOfError, outcomeOfTaken } from './smtp-outcome.js';

/** Mail by the installation's own server. */
@Injectable()
export class EmailChannel implements NotificationChannel<'email'> {
  readonly kind = 'email';

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  settingsOf({ recipients, url }: Destination): ChannelSettings<'email'> {
    if (this.config.SMTP_URL === undefined) throw channelNotConfigured(this.kind);
    if (url !== undefined) throw ruleViolations(notForThisKind('/url', this.kind));
    if (recipients === undefined) throw ruleViolations(destinationMissing('/recipients', this.kind));
    return { kind: 'email', recipients: [...new Set(recipients)] };
  }

  async send({ recipients }: ChannelSettings<'email'>, message: Message): Promise<SendOutcome> {
    const { SMTP_URL: server, SMTP_FROM: from, OUTBOUND_TIMEOUT_MS: timeoutMs } = this.config;
    // The installation had a server when the channel was made. It may have one again.
    if (!server || !from) return { kind: 'retry', failure: 'channel_not_configured', retryAfterMs: null };
    try {
      return outcomeOfTaken(await handOver(server, await mailOf(message, from, recipients), timeoutMs));
    } catch (error) {
      return outcomeOfError(error);
    }
  }
}

/** Every part is given apart, none as a text that is taken apart again: what is in it cannot become another header or address. */
export async function mailOf(message: Message, from: Sender, recipients: readonly string[]): Promise<Mail> {
  const { id, severity, subject, text } = message;
  const composed = new MailComposer({
    from: { name: from.name, address: from.address },
    to: recipients.map((address) => ({ name: '', address })),
    subject: severity === 'info' ? subject : `[${severity}] ${subject}`,
    text,
    messageId: `<${id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: 'win',
  });
  const content = await composed.compile().build();
  return { from: from.address, recipients, content };
}
