import { Injectable } from '@nestjs/common';
import { newId } from '../../../domain/ids.js';
import type { Tx } from '../../../platform/database/index.js';
import { ReadEvents } from '../../events/index.js';
import { CALLBACK_TYPES } from '../domain/fan-out.js';
import { EndpointRepository } from '../persistence/endpoint.repository.js';
import { WebhookSecrets } from './webhook-secrets.js';

export interface Callback {
  readonly organizationId: string;
  readonly bulkId: string;
  /** It was found to be allowed when it was submitted. */
  readonly url: string;
}

const MAX_CONCURRENCY = 2;

/** A `callback_url`: an endpoint for one bulk request, signed with the organization's own secret. */
@Injectable()
export class OpenCallback {
  constructor(
    private readonly endpoints: EndpointRepository,
    private readonly secrets: WebhookSecrets,
    private readonly events: ReadEvents,
  ) {}

  /** In the transaction that accepts the bulk request, so that it is told of this very acceptance. */
  async open(tx: Tx, { organizationId, bulkId, url }: Callback): Promise<void> {
    await this.secrets.ensureDefault(tx, organizationId);
    await this.endpoints.insert(tx, {
      id: newId(),
      organizationId,
      bulkId,
      url,
      description: '',
      types: CALLBACK_TYPES,
      lineEvents: true,
      ordered: false,
      maxConcurrency: MAX_CONCURRENCY,
      startSequence: await this.events.head(tx, organizationId),
    });
  }
}
