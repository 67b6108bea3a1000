import { Webhook } from 'standardwebhooks';
import { VERSION } from '../../../platform/version.js';
import type { OutboundRequest } from '../../../platform/outbound/index.js';

/** What is sent, before it is signed. */
export interface Message {
  /** The same however often it is sent. */
  readonly id: string;
  readonly body: string;
}

/**
 * As https://www.standardwebhooks.com has it: HMAC-SHA256 over `id.timestamp.body`, one signature for each secret that holds.
 *
 * @param secrets `whsec_...`, the current one first
 */
export function signedRequest(
  url: string,
  { id, body }: Message,
  secrets: readonly string[],
  at: Date,
): OutboundRequest {
  return {
    url,
    headers: {
      'content-type': 'application/json',
      'user-agent': `Tranche/${VERSION}`,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
    },
    body,
  };
}
