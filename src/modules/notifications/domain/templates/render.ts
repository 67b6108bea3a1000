import type { ToldEvent } from '../told-event.js';
import { accountTemplate } from './account.template.js';
import { apiKeyTemplate } from './api-key.template.js';
import { bulkRequestTemplate } from './bulk-request.template.js';
import { genericTemplate } from './generic.template.js';
import type { Template, Told } from './template.js';
import { transferTemplate } from './transfer.template.js';
import { webhookDeliveryTemplate, webhookEndpointTemplate } from './webhook.template.js';

const TEMPLATES: Readonly<Record<string, Template>> = {
  bulk_request: bulkRequestTemplate,
  transfer: transferTemplate,
  account: accountTemplate,
  api_key: apiKeyTemplate,
  webhook_endpoint: webhookEndpointTemplate,
  webhook_delivery: webhookDeliveryTemplate,
};

/** Longer lines are cut by whoever shows them. */
const MAX_SUBJECT = 200;

/** Tells of an event, or of `count` events of one type whose last it is. */
export function render(event: ToldEvent, count: number): Told {
  const noun = event.type.slice(0, event.type.indexOf('.'));
  const template = (Object.hasOwn(TEMPLATES, noun) ? TEMPLATES[noun] : undefined) ?? genericTemplate;
  const { subject, text } = template(event, count);
  return { subject: oneLine(subject), text: withoutControls(text) };
}

/** What somebody gets who tries a channel out. */
export const renderTest = (channelId: string, at: Date): Told => ({
  subject: 'A test of notifications',
  text: [
    'Somebody tried out this channel, and it works: events that a rule sends here will look like this.',
    '',
    `Channel: ${channelId}`,
    `At: ${at.toISOString()}`,
  ].join('\n'),
});

/** Whatever a template makes of whatever an event says: a header ends where the subject does. */
export const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, MAX_SUBJECT);

/** Line breaks stay. */
const withoutControls = (text: string): string => text.replace(/[^\P{Cc}\n]+/gu, ' ');
