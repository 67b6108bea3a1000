import { Injectable } from '@nestjs/common';
import { prepared, type Tx } from '../../../platform/database/index.js';

const ADVANCE = prepared(
  'advance_bulk_progress',
  `INSERT INTO bulk_progress AS p (bulk_id, organization_id, ended) VALUES ($1, $2, $3)
   ON CONFLICT (bulk_id) DO UPDATE SET ended = p.ended + excluded.ended RETURNING ended`,
);

/** How many lines of a bulk have ended, counted as it happens: the tallies of others are not seen before they are committed. */
@Injectable()
export class BulkProgressRepository {
  /** The number with these. Every other recorder of the bulk waits here until the transaction ends. */
  async advance(
    tx: Tx,
    bulk: { readonly id: string; readonly organizationId: string },
    ended: number,
  ): Promise<number> {
    const [row] = await tx.query<{ ended: number }>(ADVANCE, [bulk.id, bulk.organizationId, ended]);
    return (row as { ended: number }).ended;
  }
}
