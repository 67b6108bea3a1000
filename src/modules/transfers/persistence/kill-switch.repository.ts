import { Injectable } from '@nestjs/common';
import { DomainError, invariantViolated } from '../../../domain/errors.js';
import { Database, DISCOVERY, PLATFORM, prepared, sqlState, type Tx } from '../../../platform/database/index.js';
import type { KillSwitch, KillSwitchScope, KillSwitchTarget } from '../domain/kill-switch.js';

/** One lock for all switches. What a lease is about is known only after it has been taken. */
const LOCK = `hashtext('kill_switches'), 0`;
const LOCK_FOR_SHARE = prepared('lock_kill_switches_for_share', `SELECT pg_advisory_xact_lock_shared(${LOCK})`);
const LOCK_NOT_AVAILABLE = '55P03';
const COLUMNS = `scope, target, reason, engaged_by AS "engagedBy", engaged_at AS "engagedAt"`;

/** SQL: whether a switch stops what is submitted on a rail for an organization. */
export const isSwitchedOff = (rail: string, organizationId: string): string =>
  `EXISTS (SELECT FROM kill_switches k
            WHERE (k.scope, k.target) IN (('rail', ${rail}), ('organization', ${organizationId}::text)))`;

/**
 * The engaged switches. Their rows are read by the statements that hand out work; what makes engaging exact is an
 * advisory lock, which can also be taken on rows that do not exist (ADR 0011).
 */
@Injectable()
export class KillSwitchRepository {
  constructor(private readonly database: Database) {}

  /** First lock of every transaction that may grant a window: engaging waits for its commit, or it sees the switch. */
  async lockForShare(tx: Tx): Promise<void> {
    await tx.query(LOCK_FOR_SHARE);
  }

  /**
   * Returns once every transaction has ended that could have granted a window without seeing a switch committed before. New ones wait
   * meanwhile, so it gives up after `timeoutMs`.
   *
   * @throws unavailable
   */
  async awaitGrants(tx: Tx, timeoutMs: number): Promise<void> {
    await tx.query(`SELECT set_config('lock_timeout', $1, true)`, [String(timeoutMs)]);
    try {
      await tx.query(`SELECT pg_advisory_xact_lock(${LOCK})`);
    } catch (error) {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
      throw new DomainError(
        'unavailable',
        'unavailable',
        'The switch is engaged, but a lease taken before it has not ended yet: ask again.',
        { cause: error, retryAfterSeconds: 1 },
      );
    }
  }

  /** One that is engaged already stays as it is; its row is locked. */
  async engage(
    tx: Tx,
    { scope, target, reason, engagedBy }: Omit<KillSwitch, 'engagedAt'>,
  ): Promise<{ killSwitch: KillSwitch; isNew: boolean }> {
    const [row] = await tx.query<KillSwitch & { isNew: boolean }>(
      // Unlike DO NOTHING, the update that changes nothing returns the row, whoever engaged it.
      `INSERT INTO kill_switches AS k (scope, target, reason, engaged_by) VALUES ($1, $2, $3, $4)
       ON CONFLICT (scope, target) DO UPDATE SET reason = k.reason
       RETURNING ${COLUMNS}, engaged_at = now() AS "isNew"`,
      [scope, target, reason, engagedBy],
    );
    const { isNew, ...killSwitch } = row as KillSwitch & { isNew: boolean };
    return { killSwitch, isNew };
  }

  /** Gives an engaged one to somebody else, with their reason. Since when it is engaged stays as it is. */
  async takeOver(tx: Tx, { scope, target, reason, engagedBy }: Omit<KillSwitch, 'engagedAt'>): Promise<KillSwitch> {
    const [killSwitch] = await tx.query<KillSwitch>(
      `UPDATE kill_switches SET reason = $3, engaged_by = $4 WHERE scope = $1 AND target = $2 RETURNING ${COLUMNS}`,
      [scope, target, reason, engagedBy],
    );
    if (!killSwitch) throw invariantViolated('a locked kill switch was released');
    return killSwitch;
  }

  /** The switch if it is engaged. Until the transaction ends, it stays so, and nobody else takes it over. */
  async lock(tx: Tx, { scope, target }: KillSwitchTarget): Promise<KillSwitch | null> {
    const [killSwitch] = await tx.query<KillSwitch>(
      `SELECT ${COLUMNS} FROM kill_switches WHERE scope = $1 AND target = $2 FOR UPDATE`,
      [scope, target],
    );
    return killSwitch ?? null;
  }

  async release(tx: Tx, { scope, target }: KillSwitchTarget): Promise<void> {
    await tx.execute(`DELETE FROM kill_switches WHERE scope = $1 AND target = $2`, [scope, target]);
  }

  /** Rails first. With an organization, without those of others. */
  async list(
    organizationId: string | null,
    { limit, after }: { limit: number; after: KillSwitchTarget | null },
  ): Promise<KillSwitch[]> {
    return this.database.as(PLATFORM).query<KillSwitch>(
      `SELECT ${COLUMNS} FROM kill_switches
        WHERE ($1::text IS NULL OR scope = 'rail' OR target = $1)
          AND ($2::text IS NULL OR (scope <> 'rail', target) > ($2 <> 'rail', $3::text))
        ORDER BY scope <> 'rail', target LIMIT $4`,
      [organizationId, after?.scope ?? null, after?.target ?? null, limit],
    );
  }

  async targets(): Promise<{ scope: KillSwitchScope; target: string }[]> {
    return this.database.as(DISCOVERY).query(`SELECT scope, target FROM kill_switches`);
  }
}
