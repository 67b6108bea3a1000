import { Injectable } from '@nestjs/common';
import { newId } from '../../../domain/ids.js';
import { Database, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { EvidenceStatus } from '../domain/decide-evidence.js';

export interface NewEvidence {
  readonly organizationId: string | null;
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

@Injectable()
export class EvidenceRepository {
  constructor(private readonly database: Database) {}

  /** Keeps evidence; the same word about the same reference from the same source is kept once. */
  async insert(on: Queryable, evidence: readonly NewEvidence[]): Promise<void> {
    if (evidence.length === 0) return;
    await on.execute(
      `INSERT INTO rail_evidence (id, organization_id, rail, reference, transfer_id, source, status, reason_code, rail_id)
       SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[])
       ON CONFLICT (rail, reference, source, status) DO NOTHING`,
      [
        evidence.map(() => newId()),
        evidence.map((item) => item.organizationId),
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

  /** Evidence not applied yet whose transfer nobody is executing right now, oldest first. */
  async findOpen(limit: number): Promise<OpenEvidence[]> {
    return this.database.query<OpenEvidence>(
      `SELECT e.id, e.transfer_id AS "transferId", t.organization_id AS "organizationId", t.bulk_id AS "bulkId",
              t.chunk_id AS "chunkId", t.rail, e.status, e.reason_code AS "reasonCode", e.rail_id AS "railId"
         FROM rail_evidence e
         JOIN transfers t ON t.id = e.transfer_id
         JOIN chunks c ON c.id = t.chunk_id AND c.status <> 'leased'
        WHERE e.applied_at IS NULL ORDER BY e.received_at, e.id LIMIT $1`,
      [limit],
    );
  }

  /** Evidence about references that are not ours is told apart once, so that it does not stay at the head of the line. */
  async closeUnmatched(): Promise<number> {
    return this.database.execute(
      `UPDATE rail_evidence e SET applied_at = now(), outcome = 'unmatched'
        WHERE applied_at IS NULL AND NOT EXISTS (SELECT 1 FROM transfers t WHERE t.id = e.transfer_id)`,
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
}
