import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import type { Origin } from '../domain/bulk-request.js';
import type { BulkRequestStatus } from '../domain/bulk-request.state.js';
import type { Cancellation } from '../domain/control.js';
import type { CreditTransfer } from '../domain/credit-transfer.js';

/** What control asks of a bulk under its lock. */
export interface ControlledBulkRow {
  readonly status: BulkRequestStatus;
  readonly origin: Origin | null;
}

/** A failed line, as it would be paid again. */
export interface FailedLine extends Omit<CreditTransfer, 'counterpartyIban'> {
  /** Of the transfer that failed. */
  readonly id: string;
  readonly ibanSealed: Uint8Array | null;
  readonly ibanPlain: string | null;
  /** Some rail or statement says that it was paid after all. */
  readonly isContradicted: boolean;
}

/** What operators and callers do to whole bulks. */
@Injectable()
export class BulkControlRepository {
  /**
   * Leases and windows take the same row FOR SHARE: when this returns, all that were granted are committed, and none is granted until this
   * transaction has ended.
   */
  async lock(tx: Tx, organizationId: string, id: string): Promise<ControlledBulkRow | null> {
    const [row] = await tx.query<ControlledBulkRow>(
      `SELECT status, origin FROM bulk_requests WHERE id = $1 AND organization_id = $2 FOR NO KEY UPDATE`,
      [id, organizationId],
    );
    return row ?? null;
  }

  /** False when the bulk is no longer in the expected state. */
  async changeStatus(tx: Tx, id: string, from: BulkRequestStatus, to: BulkRequestStatus): Promise<boolean> {
    const updated = await tx.execute(
      `UPDATE bulk_requests SET status = $3, stopped_by = CASE WHEN $3 = 'cancelling' THEN 'request' ELSE stopped_by END
        WHERE id = $1 AND status = $2`,
      [id, from, to],
    );
    return updated === 1;
  }

  /**
   * Which lines of a bulk that is being cancelled can still be paid, in one look. The caller holds the bulk's lock: no window opens or
   * grows meanwhile. A worker may be recording, which is seen whole or not at all.
   */
  async countCancelled(tx: Tx, id: string): Promise<Cancellation> {
    const [row] = await tx.query<Cancellation>(
      `WITH line AS (
         SELECT t.status,
                t.status = 'pending' AND NOT t.possibly_sent
                  AND NOT coalesce(c.status = 'leased' AND c.purpose = 'submit' AND t.line <= c.submitted_through, false) AS unsent
           FROM transfers t LEFT JOIN chunks c ON c.id = t.chunk_id
          WHERE t.bulk_id = $1)
       SELECT count(*) FILTER (WHERE unsent OR status = 'cancelled')::int AS cancelled,
              count(*) FILTER (WHERE NOT unsent AND status IN ('pending', 'submitted', 'in_doubt', 'manual_review'))::int
                AS "inFlight"
         FROM line`,
      [id],
    );
    return row ?? { cancelled: 0, inFlight: 0 };
  }

  /** The bulk in which the failed lines of this one are paid again. */
  async findRetry(on: Queryable, id: string): Promise<string | null> {
    const [row] = await on.query<{ id: string }>(
      `SELECT id FROM bulk_requests WHERE origin_id = $1 AND origin = 'retry' ORDER BY id LIMIT 1`,
      [id],
    );
    return row?.id ?? null;
  }

  /** In the order of the request. Once the bulk has ended, they are the same for ever. */
  async listFailed(on: Queryable, id: string): Promise<FailedLine[]> {
    return on.query<FailedLine>(
      `SELECT t.id, t.line, t.amount_minor AS "amountMinor", t.counterparty_name AS "counterpartyName",
              t.counterparty_iban_sealed AS "ibanSealed", t.counterparty_iban AS "ibanPlain",
              t.counterparty_bic AS "counterpartyBic", t.description,
              t.purpose_code AS "purposeCode", t.client_transfer_id AS "clientTransferId",
              EXISTS (SELECT FROM rail_evidence e WHERE e.transfer_id = t.id AND e.status IN ('settled', 'returned'))
                OR EXISTS (SELECT FROM statement_lines s WHERE s.transfer_id = t.id AND s.status IN ('settled', 'returned'))
                AS "isContradicted"
         FROM transfers t WHERE t.bulk_id = $1 AND t.status = 'failed' ORDER BY t.line`,
      [id],
    );
  }
}
