import type { INestApplicationContext } from '@nestjs/common';
import { BulkRequestsService } from '../../src/modules/bulk-requests/bulk-requests.service.js';
import type { BulkRequest } from '../../src/modules/bulk-requests/domain/bulk-request.js';
import type { Cancellation } from '../../src/modules/bulk-requests/domain/control.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { MAKER } from './bulk-requests.js';

/** What an organization does to its bulks, as the API would, with the answers as their JSON says. */
export interface BulkControl {
  cancel(bulkId: string, idempotencyKey?: string): Promise<Cancellation & { replayed: boolean }>;
  /** The state it is in afterwards. */
  pause(bulkId: string, idempotencyKey?: string): Promise<string>;
  resume(bulkId: string, idempotencyKey?: string): Promise<string>;
  /** The whole answer; its body has the new bulk's id, or is a problem. */
  retryFailed(bulkId: string, idempotencyKey?: string, overrideReason?: string): Promise<Retried>;
}

export interface Retried {
  status: number;
  replayed: boolean;
  body: { id?: string; code?: string };
}

export function controlOf(app: INestApplicationContext, organizationId: string): BulkControl {
  const service = app.get(BulkRequestsService, { strict: false });
  const command = (bulkId: string, idempotencyKey: string | null = null) => ({
    organizationId,
    bulkId,
    idempotencyKey,
  });
  const state = ({ status }: BulkRequest): Reply => Reply.of(200, { status });
  const statusIn = ({ json }: Reply): string => (JSON.parse(json) as { status: string }).status;
  return {
    cancel: async (bulkId, key) => {
      const reply = await service.cancel(command(bulkId, key), (cancellation) => Reply.of(200, cancellation));
      return { ...(JSON.parse(reply.json) as Cancellation), replayed: reply.replayed };
    },
    pause: async (bulkId, key) => statusIn(await service.pause(command(bulkId, key), state)),
    resume: async (bulkId, key) => statusIn(await service.resume(command(bulkId, key), state)),
    retryFailed: async (bulkId, key, overrideReason) => {
      const { status, replayed, json } = await service.retryFailed(
        { ...command(bulkId, key), submitter: MAKER, overrideReason: overrideReason ?? null },
        ({ id }) => Reply.of(202, { id }),
      );
      return { status, replayed, body: JSON.parse(json) as Retried['body'] };
    },
  };
}
