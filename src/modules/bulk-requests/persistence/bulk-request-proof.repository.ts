import { Injectable } from '@nestjs/common';
import type { Queryable } from '../../../platform/database/index.js';
import type { BulkRequestStatus } from '../domain/bulk-request.state.js';

/** A bulk as its proof starts from it. */
export interface ProvenBulkRequest {
  readonly id: string;
  readonly status: BulkRequestStatus;
  readonly currency: string;
  readonly isReversal: boolean;
  readonly totalMinor: bigint;
  readonly transferCount: number;
}

@Injectable()
export class BulkRequestProofRepository {
  async find(on: Queryable, organizationId: string, id: string): Promise<ProvenBulkRequest | null> {
    const [row] = await on.query<ProvenBulkRequest>(
      `SELECT id, status, currency, origin IS NOT DISTINCT FROM 'reversal' AS "isReversal", total_minor AS "totalMinor",
              transfer_count AS "transferCount"
         FROM bulk_requests WHERE id = $1 AND organization_id = $2`,
      [id, organizationId],
    );
    return row ?? null;
  }
}
