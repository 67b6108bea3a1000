import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';

/** How many bulk requests an organization has had accepted: who has seen the count has seen them all. */
@Injectable()
export class AcceptanceCountRepository {
  async find(on: Queryable, organizationId: string): Promise<bigint> {
    const [row] = await on.query<{ accepted: bigint }>(
      `SELECT accepted FROM acceptance_counts WHERE organization_id = $1`,
      [organizationId],
    );
    return row?.accepted ?? 0n;
  }

  /** One more. Until the transaction ends, every other acceptance of the organization waits here. */
  async advance(tx: Tx, organizationId: string): Promise<bigint> {
    const [row] = await tx.query<{ accepted: bigint }>(
      `INSERT INTO acceptance_counts AS c (organization_id, accepted) VALUES ($1, 1)
       ON CONFLICT (organization_id) DO UPDATE SET accepted = c.accepted + 1 RETURNING accepted`,
      [organizationId],
    );
    return (row as { accepted: bigint }).accepted;
  }
}
