import type { INestApplicationContext } from '@nestjs/common';
import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import { BulkRequestsService } from '../../src/modules/bulk-requests/bulk-requests.service.js';
import type { Actor } from '../../src/modules/bulk-requests/domain/approval.js';
import type { BulkRequest } from '../../src/modules/bulk-requests/domain/bulk-request.js';
import { bulkRequestStates } from '../../src/modules/bulk-requests/domain/bulk-request.state.js';
import type { CreditTransferInput } from '../../src/modules/bulk-requests/domain/credit-transfer.js';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { eventually } from '../support/eventually.js';

/** A valid German IBAN for any number (ISO 13616 check digits). */
export function germanIban(number: number): string {
  const bban = `37040044${String(number).padStart(10, '0')}`;
  const check = 98n - (BigInt(`${bban}131400`) % 97n);
  return `DE${String(check).padStart(2, '0')}${bban}`;
}

/** `count` lines; `describe` steers the sandbox. */
export function creditTransfers(
  count: number,
  describe: (line: number) => string = (line) => `Salary ${line}`,
): CreditTransferInput[] {
  return Array.from({ length: count }, (_, line) => ({
    amount: '1.00',
    currency: 'EUR',
    counterparty_name: `Employee ${line}`,
    counterparty_iban: germanIban(line),
    counterparty_bic: 'DEUTDEFFXXX',
    description: describe(line),
  }));
}

/** Who submits what a test does not submit over HTTP. */
export const MAKER: Actor = { kind: 'key', id: 'maker', keyId: null };

export interface Submitted {
  status: number;
  bulkId: string;
}

/** Submits as the API would; the answer's status, and the bulk's id when it was accepted. */
export async function submitBulk(
  app: INestApplicationContext,
  organizationId: string,
  submission: Submission,
  idempotencyKey: string | null = null,
): Promise<Submitted> {
  const reply = await submit(app, organizationId, submission, idempotencyKey);
  return { status: reply.status, bulkId: (JSON.parse(reply.json) as { id?: string }).id ?? '' };
}

/** The same, with the whole answer. */
export function submit(
  app: INestApplicationContext,
  organizationId: string,
  submission: Submission,
  idempotencyKey: string | null = null,
): Promise<Reply> {
  const service = app.get(BulkRequestsService, { strict: false });
  const command = {
    organizationId,
    operation: 'bulk-requests.create' as const,
    idempotencyKey,
    body: submission,
    submission,
    submitter: MAKER,
  };
  return service.submit(command, (bulk) => Reply.of(202, { id: bulk.id }));
}

export async function untilEnded(
  app: INestApplicationContext,
  organizationId: string,
  bulkId: string,
  timeoutMs = 20_000,
): Promise<BulkRequest> {
  const queries = app.get(BulkRequestsQueries, { strict: false });
  let last: BulkRequest | undefined;
  try {
    return await eventually(
      async () => {
        last = await queries.get(organizationId, bulkId);
        return bulkRequestStates.isTerminal(last.status) ? last : undefined;
      },
      { what: `bulk request ${bulkId} to end`, timeoutMs },
    );
  } catch (error) {
    throw new Error(`${(error as Error).message}; counts ${JSON.stringify(last?.counts)}`, { cause: error });
  }
}
