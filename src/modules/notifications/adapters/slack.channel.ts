import { Injectable } from '@nestjs/common';
import { OutboundClient, type OutboundOutcome, OutboundUrls } from '../../../platform/outbound/index.js';
import type { ChannelSettings, Destination } from '../domain/channel.js';
import { destinationMissing, notForThisKind, ruleViolations } from '../domain/notification.errors.js';
import type { Message, NotificationChannel, SendOutcome } from '../domain/notification-channel.js';

/** Incoming webhooks of Slack, and of everybody who takes the same: Mattermost, Rocket.Chat, Discord at `/slack`. */
@Injectable()
export class SlackChannel implements NotificationChannel<'slack'> {
  readonly kind = 'slack';

  constructor(
    private readonly urls: OutboundUrls,
    private readonly client: OutboundClient,
  ) {}

  settingsOf({ recipients, url }: Destination): ChannelSettings<'slack'> {
    if (recipients !== undefined) throw ruleViolations(notForThisKind('/recipients', this.kind));
    if (url === undefined) throw ruleViolations(destinationMissing('/url', this.kind));
    this.urls.assertAllowed(url, '/url');
    return { kind: 'slack', url };
  }

  async send({ url }: ChannelSettings<'slack'>, message: Message): Promise<SendOutcome> {
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    return slackOutcome(await this.client.post({ url, headers, body: slackBody(message) }));
  }
}

/** Plain text: nothing in it is formatted, becomes a link or calls a whole channel. */
export function slackBody({ severity, subject, text }: Message): string {
  const said = `${severity === 'info' ? '' : `[${severity}] `}${subject}\n\n${text}`;
  return JSON.stringify({ text: escapeMrkdwn(said), mrkdwn: false, unfurl_links: false, unfurl_media: false });
}

/** The three characters that begin what Slack reads as more than text, as its own documentation has it. */
export const escapeMrkdwn = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function slackOutcome(outcome: OutboundOutcome): SendOutcome {
  if (outcome.kind === 'failed') {
    const { failure } = outcome;
    return failure === 'address_not_allowed'
      ? { kind: 'refused', failure }
      : { kind: 'retry', failure, retryAfterMs: null };
  }
  const { status, retryAfterMs } = outcome;
  if (status >= 200 && status < 300) return { kind: 'sent', failure: null };
  const failure = `http_${status}`;
  // A redirect is not followed, and does not become an answer by asking again.
  return status === 429 || status >= 500 ? { kind: 'retry', failure, retryAfterMs } : { kind: 'refused', failure };
}
