import { Injectable } from '@nestjs/common';
import { Database, prepared, type Queryable } from '../database/index.js';

const INSERT = prepared(
  'spend_request_nonce',
  `INSERT INTO request_nonces (organization_id, api_key_id, nonce, expires_at)
   VALUES ($1, $2, $3, now() + make_interval(secs => $4)) ON CONFLICT (api_key_id, nonce) DO NOTHING`,
);

/**
 * The nonces that signed requests came with, in PostgreSQL and not in Redis: a replay is refused as well while Redis is away or after
 * it was wiped.
 */
@Injectable()
export class RequestNonces {
  constructor(private readonly database: Database) {}

  /** False when the key has spent the nonce before. It is remembered for `seconds`. */
  async spend(organizationId: string, apiKeyId: string, nonce: string, seconds: number): Promise<boolean> {
    const spent = await this.database.of(organizationId).execute(INSERT, [organizationId, apiKeyId, nonce, seconds]);
    return spent === 1;
  }

  /** Deletes expired ones, a bounded number at a time. */
  async purgeExpired(on: Queryable, limit: number): Promise<number> {
    return on.execute(
      `DELETE FROM request_nonces WHERE (api_key_id, nonce) IN (
         SELECT api_key_id, nonce FROM request_nonces WHERE expires_at <= now() LIMIT $1)`,
      [limit],
    );
  }
}
