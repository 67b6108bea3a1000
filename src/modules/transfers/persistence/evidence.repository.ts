import { Injectable } from '@nestjs/common';
import { newId } from '../../../domain/ids.js';
import { Database, DISCOVERY, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { EvidenceStatus } from '../domain/decide-evidence.js';
import type { StoredTransferStatus } from '../domain/transfer.state.js';

export interface NewEvidence {
  readonly rail: string;
  readonly reference: string;
  /** Null when the reference is not one of ours. */
  readonly transferId: string | null;
  readonly source: 'late_result' | 'notice' | 'callback' | 'statement';
  readonly status: EvidenceStatus;
  readonly reasonCode: string | null;
  readonly railId: string | null;
}

export interface OpenEvidence {
  readonly id: string;
  readonly transferId: string;
  readonly organizationId: string;
  readonly bulkId: string;
  readonly chunkId: string;
  readonly rail: string;
  readonly status: EvidenceStatus;
  readonly reasonCode: string | null;
  readonly railId: string | null;
}

/** Evidence that contradicts our books, or is about nothing of ours. */
export interface UnreportedEvidence {
  readonly evidenceId: string;
  readonly organizationId: string | null;
  readonly bulkId: string | null;
  readonly transferId: string | null;
  readonly rail: string;
  readonly reference: string;
  readonly source: NewEvidence['source'];
  readonly status: EvidenceStatus;
  readonly reasonCode: string | null;
  readonly railId: string | null;
  readonly outcome: 'contradiction' | 'unmatched';
  readonly transferStatus: StoredTransferStatus | null;
  /** The rail that pays the transfer. */
  readonly transferRail: string | null;
  readonly amountMinor: bigint | null;
  readonly currency: string | null;
  /** What was booked on suspense about this transfer, in minor units and as suspense sees it. */
  readonly suspenseMinor: bigint;
  readonly receivedAt: Date;
}

@Injectable()
export class EvidenceRepository {
  private readonly all: Queryable;

  constructor(database: Database) {
    this.all = database.as(DISCOVERY);
  }

  /**
   * Keeps evidence, as that of the organization whose transfer it is about; the same word about the same reference from the same source is
   * kept once. `on` acts for discovery: a rail does not say whose payment it means.
   */
  async insert(on: Queryable, evidence: readonly NewEvidence[]): Promise<void> {
    if (evidence.length === 0) return;
    await on.execute(
      `INSERT INTO rail_evidence (id, organization_id, rail, reference, transfer_id, source, status, reason_code, rail_id)
       SELECT e.id, t.organization_id, e.rail, e.reference, e.transfer_id, e.source, e.status, e.reason_code, e.rail_id
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[])
              AS e (id, rail, reference, transfer_id, source, status, reason_code, rail_id)
         LEFT JOIN transfers t ON t.id = e.transfer_id
       ON CONFLICT (rail, reference, source, status) DO NOTHING`,
      [
        evidence.map(() => newId()),
        evidence.map((item) => item.rail),
        evidence.map((item) => item.reference),
        evidence.map((item) => item.transferId),
        evidence.map((item) => item.source),
        evidence.map((item) => item.status),
        evidence.map((item) => item.reasonCode),
        evidence.map((item) => item.railId),
      ],
    );
  }

  /** Evidence of the transfer's own rail, not applied yet, whose transfer nobody is executing right now, and that is not put off. */
  async findOpen(limit: number): Promise<OpenEvidence[]> {
    return this.all.query<OpenEvidence>(
      `SELECT e.id, e.transfer_id AS "transferId", t.organization_id AS "organizationId", t.bulk_id AS "bulkId",
              t.chunk_id AS "chunkId", t.rail, e.status, e.reason_code AS "reasonCode", e.rail_id AS "railId"
         FROM rail_evidence e
         JOIN transfers t ON t.id = e.transfer_id AND t.rail = e.rail
         JOIN chunks c ON c.id = t.chunk_id AND c.status <> 'leased'
        WHERE e.applied_at IS NULL AND e.retry_at <= now() ORDER BY e.retry_at, e.id LIMIT $1`,
      [limit],
    );
  }

  /** Which of these nobody has applied. Asked under the locks of their transfers, it stays so until the transaction ends. */
  async listUnapplied(tx: Tx, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await tx.query<{ id: string }>(
      `SELECT id FROM rail_evidence WHERE id = ANY($1::uuid[]) AND applied_at IS NULL`,
      [ids],
    );
    return new Set(rows.map((row) => row.id));
  }

  /**
   * What makes no sense yet, or cannot be recorded, waits behind everything else: as long again as it has waited already, up to five
   * minutes.
   */
  async putOff(on: Queryable, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await on.execute(
      `UPDATE rail_evidence SET retry_at = now() + least(interval '5 min', greatest(interval '1 s', now() - received_at))
        WHERE id = ANY($1::uuid[])`,
      [ids],
    );
  }

  /**
   * Evidence about references that are not ours, or that another rail pays: what one rail says about another's payment is nobody's word
   * about it.
   */
  async closeUnmatched(): Promise<number> {
    return this.all.execute(
      `UPDATE rail_evidence e SET applied_at = now(), outcome = 'unmatched'
        WHERE applied_at IS NULL AND NOT EXISTS (
                SELECT FROM transfers t WHERE t.id = e.transfer_id AND t.rail = e.rail)`,
    );
  }

  async close(
    tx: Tx,
    outcomes: readonly { id: string; outcome: 'applied' | 'redundant' | 'contradiction' }[],
  ): Promise<void> {
    if (outcomes.length === 0) return;
    await tx.execute(
      `UPDATE rail_evidence e SET applied_at = now(), outcome = u.outcome
         FROM unnest($1::uuid[], $2::text[]) AS u (id, outcome) WHERE e.id = u.id AND e.applied_at IS NULL`,
      [outcomes.map((item) => item.id), outcomes.map((item) => item.outcome)],
    );
  }

  /** What has to be looked at by a person and nobody was told about, marked as told. Oldest first. */
  async takeUnreported(tx: Tx, limit: number): Promise<UnreportedEvidence[]> {
    return tx.query<UnreportedEvidence>(
      // Materialized: a sub-select that skips locked rows may be run more than once, and would then take more than the limit.
      `WITH unreported AS MATERIALIZED (
         SELECT id FROM rail_evidence WHERE outcome IN ('contradiction', 'unmatched') AND reported_at IS NULL
          ORDER BY received_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
       ), taken AS (
         UPDATE rail_evidence r SET reported_at = now() FROM unreported u WHERE r.id = u.id RETURNING r.*)
       SELECT e.id AS "evidenceId", t.organization_id AS "organizationId", t.bulk_id AS "bulkId", t.id AS "transferId",
              e.rail, e.reference, e.source, e.status, e.reason_code AS "reasonCode", e.rail_id AS "railId", e.outcome,
              t.status AS "transferStatus", t.rail AS "transferRail", t.amount_minor AS "amountMinor", t.currency, e.received_at AS "receivedAt",
              coalesce((SELECT CASE a.kind WHEN 'suspense' THEN -l.amount_minor ELSE l.amount_minor END
                          FROM ledger_entries l JOIN accounts a ON a.id = l.debit_account_id
                         WHERE l.transfer_id = t.id AND l.kind = 'suspense'), 0)::bigint AS "suspenseMinor"
         FROM taken e LEFT JOIN transfers t ON t.id = e.transfer_id
        ORDER BY e.received_at, e.id`,
      [limit],
    );
  }
}
