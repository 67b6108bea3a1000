import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { Webhook } from 'standardwebhooks';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { unauthenticated } from '../../../platform/http/index.js';

/** Knows the callbacks of the bank from those of anybody else: https://www.standardwebhooks.com. */
@Injectable()
export class BankCallbacks {
  private readonly webhook: Webhook | null;

  constructor(@Inject(CONFIG) { RAIL_HTTP_CALLBACK_SECRET: secret }: Config) {
    this.webhook = secret === undefined ? null : new Webhook(secret);
  }

  /**
   * Whether these bytes are what the bank signed, within the last five minutes. A repeated callback is not refused: what it says is kept
   * once.
   *
   * @throws unauthenticated, also when no secret is configured
   */
  verify(headers: IncomingHttpHeaders, body: Buffer): void {
    if (!this.webhook) throw unsigned();
    try {
      this.webhook.verify(body, textsOf(headers), { jsonParse: false });
    } catch {
      // The library's reasons would tell a stranger how close he is.
      throw unsigned();
    }
  }
}

const unsigned = () =>
  unauthenticated(
    'A callback needs webhook-id, webhook-timestamp and webhook-signature of these bytes, not older than five minutes.',
  );

function textsOf(headers: IncomingHttpHeaders): Record<string, string> {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  return Object.fromEntries(names.map((name) => [name, String(headers[name] ?? '')]));
}
