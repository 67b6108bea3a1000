import type { Type } from '@nestjs/common';

/** A request that receivers of events get, as the `webhooks` section of the document tells of it. */
export interface WebhookDescription {
  readonly name: string;
  readonly tag: string;
  /** A sentence. */
  readonly meaning: string;
  /** The body: an object with a `type`, which is the name, and with `data`. */
  readonly body: Type<object>;
  /** What `data` is in this one. */
  readonly data: Type<object>;
  /** A whole body. */
  readonly example: object;
}

const descriptions = new Map<string, WebhookDescription>();

/** Marks the controller of what is also sent out by itself: its descriptions join the document. */
export function ApiWebhooks(webhooks: readonly WebhookDescription[]): ClassDecorator {
  return () => webhooks.forEach((webhook) => descriptions.set(webhook.name, webhook));
}

export const webhookDescriptions = (): WebhookDescription[] => [...descriptions.values()];
