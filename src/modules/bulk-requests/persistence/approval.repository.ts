import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import type { Actor, Approval, ApprovalOutcome, ApprovalRequest, Decision } from '../domain/approval.js';

export interface NewApprovalRequest extends Pick<
  ApprovalRequest,
  'bulkId' | 'organizationId' | 'required' | 'reasons' | 'payloadHash' | 'submitter'
> {
  readonly expiresAfterHours: number;
}

const ACTOR = (prefix: string): string =>
  `jsonb_build_object('kind', ${prefix}_kind, 'id', ${prefix}_id, 'keyId', ${prefix}_key_id)`;

/** What bulks wait for, and who said what about them. */
@Injectable()
export class ApprovalRepository {
  async open(tx: Tx, request: NewApprovalRequest): Promise<void> {
    const { submitter } = request;
    await tx.execute(
      `INSERT INTO approval_requests (bulk_id, organization_id, required, reasons, payload_hash, submitter_kind, submitter_id,
                                      submitter_key_id, expires_at)
       VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, now() + $9 * interval '1 hour')`,
      [
        request.bulkId,
        request.organizationId,
        request.required,
        JSON.stringify(request.reasons),
        request.payloadHash,
        submitter.kind,
        submitter.id,
        submitter.keyId,
        request.expiresAfterHours,
      ],
    );
  }

  /** To decide by it, the caller holds the bulk's lock. Null for a bulk that never needed one. */
  async find(on: Queryable, organizationId: string, bulkId: string): Promise<Approval | null> {
    const [request] = await on.query<ApprovalRequest>(
      `SELECT bulk_id AS "bulkId", organization_id AS "organizationId", required, reasons, payload_hash AS "payloadHash",
              ${ACTOR('submitter')} AS submitter, expires_at AS "expiresAt",
              outcome IS NULL AND expires_at <= clock_timestamp() AS "isOverdue", decided_at AS "decidedAt", outcome
         FROM approval_requests WHERE bulk_id = $1 AND organization_id = $2`,
      [bulkId, organizationId],
    );
    if (!request) return null;
    const decisions = await on.query<Decision>(
      `SELECT ${ACTOR('approver')} AS approver, decision, payload_hash AS "payloadHash", reason, created_at AS "decidedAt"
         FROM bulk_approvals WHERE bulk_id = $1 ORDER BY id`,
      [bulkId],
    );
    return { request, decisions };
  }

  async decide(
    tx: Tx,
    { organizationId, bulkId, payloadHash }: Pick<ApprovalRequest, 'organizationId' | 'bulkId' | 'payloadHash'>,
    approver: Actor,
    { decision, reason }: Pick<Decision, 'decision' | 'reason'>,
  ): Promise<void> {
    await tx.execute(
      `INSERT INTO bulk_approvals (organization_id, bulk_id, payload_hash, approver_kind, approver_id, approver_key_id,
                                   decision, reason)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [organizationId, bulkId, payloadHash, approver.kind, approver.id, approver.keyId, decision, reason],
    );
  }

  /** False when it was closed before. */
  async close(tx: Tx, bulkId: string, outcome: ApprovalOutcome): Promise<boolean> {
    const closed = await tx.execute(
      `UPDATE approval_requests SET outcome = $2, decided_at = now() WHERE bulk_id = $1 AND outcome IS NULL`,
      [bulkId, outcome],
    );
    return closed === 1;
  }

  /** Those whose time has run out, the oldest first. */
  async findOverdue(on: Queryable, limit: number): Promise<{ bulkId: string; organizationId: string }[]> {
    return on.query(
      `SELECT bulk_id AS "bulkId", organization_id AS "organizationId" FROM approval_requests
        WHERE decided_at IS NULL AND expires_at <= now() ORDER BY expires_at LIMIT $1`,
      [limit],
    );
  }

  /** How many wait, and for how long the oldest has, in seconds. */
  async waiting(on: Queryable): Promise<{ count: number; oldestSeconds: number }> {
    const [row] = await on.query<{ count: number; oldestSeconds: number }>(
      `SELECT count(*)::int AS count, coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS "oldestSeconds"
         FROM approval_requests WHERE decided_at IS NULL`,
    );
    return row ?? { count: 0, oldestSeconds: 0 };
  }
}
