import type { INestApplicationContext } from '@nestjs/common';
import { railReference } from '../../src/domain/ids.js';
import { type NewEvidence, TransfersService } from '../../src/modules/transfers/index.js';
import { lineOf } from './transfer-steps.js';
import { ownerOf } from './owner.js';

/*
 * What a bank says outside of the answer to a submission. Nothing of it is applied before the loop `rail-evidence` runs.
 */

/** The sandbox says something about a transfer, in a callback unless told otherwise. */
export async function sayOf(
  app: INestApplicationContext,
  transferId: string,
  status: NewEvidence['status'],
  values: Partial<NewEvidence> = {},
): Promise<void> {
  await app.get(TransfersService, { strict: false }).keepEvidence([
    {
      rail: 'sandbox',
      reference: railReference(transferId),
      transferId,
      source: 'callback',
      status,
      reasonCode: status === 'rejected' || status === 'returned' ? 'AC04' : null,
      railId: null,
      ...values,
    },
  ]);
}

/** The same, about a line of a bulk. */
export async function sayOfLine(
  app: INestApplicationContext,
  bulkId: string,
  line: number,
  status: NewEvidence['status'],
  values: Partial<NewEvidence> = {},
): Promise<void> {
  await sayOf(app, await lineOf(app, bulkId, line), status, values);
}

/** What was made of all that was said about a bulk's lines, in the order it came in; null: nothing yet. */
export async function outcomesOf(app: INestApplicationContext, bulkId: string): Promise<(string | null)[]> {
  const rows = await ownerOf(app).query<{ outcome: string | null }>(
    `SELECT e.outcome FROM rail_evidence e JOIN transfers t ON t.id = e.transfer_id
      WHERE t.bulk_id = $1 ORDER BY e.received_at, e.id`,
    [bulkId],
  );
  return rows.map(({ outcome }) => outcome);
}
