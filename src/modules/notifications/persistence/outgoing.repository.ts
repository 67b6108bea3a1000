import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import type { Notification } from '../domain/notification.js';
import type { NextStep } from '../domain/retry-schedule.js';
import type { Full, Occupant } from '../domain/slots.js';
import { NOTIFICATION } from './notification.repository.js';

/** SQL: its time has come, or whoever was sending it is gone. Exactly as the index notifications_due has it. */
const IS_DUE = `n.status IN ('pending', 'sending') AND coalesce(n.lease_until, n.next_attempt_at) <= now()`;

export type DueChannel = Occupant;

export interface Backlog {
  readonly count: number;
  readonly oldestSeconds: number;
}

/** The way of notifications to whoever sends them. */
@Injectable()
export class OutgoingRepository {
  /** Channels that something is due for, in no order, so that none comes first for ever. */
  async listDue(on: Queryable, { kinds, channels, organizations }: Full, limit: number): Promise<DueChannel[]> {
    return on.query<DueChannel>(
      `SELECT n.organization_id AS "organizationId", n.channel_id AS "channelId", n.channel_kind AS "channelKind"
         FROM notifications n
        WHERE ${IS_DUE} AND n.channel_kind <> ALL($1::text[]) AND n.channel_id <> ALL($2::uuid[])
          AND (n.organization_id, n.channel_kind) NOT IN (SELECT * FROM unnest($3::uuid[], $4::text[]))
        GROUP BY 1, 2, 3 ORDER BY random() LIMIT $5`,
      [
        kinds,
        channels,
        organizations.map(({ organizationId }) => organizationId),
        organizations.map(({ channelKind }) => channelKind),
        limit,
      ],
    );
  }

  /** Hands out the next of a channel: nobody else gets them until the lease runs out. Counts the attempt. */
  async claim(
    tx: Tx,
    due: DueChannel,
    { limit, leaseMs }: { limit: number; leaseMs: number },
  ): Promise<Notification[]> {
    return tx.query<Notification>(
      // Materialized: a sub-select that skips locked rows may be run more than once, and would then hand out more than the limit.
      `WITH next AS MATERIALIZED (
         SELECT n.id FROM notifications n
          WHERE n.organization_id = $1 AND n.channel_id = $2 AND ${IS_DUE}
          ORDER BY n.id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
       UPDATE notifications n SET status = 'sending', attempts = n.attempts + 1, lease_until = now() + $4 * interval '1 millisecond'
         FROM next WHERE n.id = next.id RETURNING ${NOTIFICATION}`,
      [due.organizationId, due.channelId, limit, leaseMs],
    );
  }

  /** What became of an attempt. False when the lease was lost meanwhile: somebody else has begun another attempt. */
  async record(
    tx: Tx,
    { id, attempts, resends }: Pick<Notification, 'id' | 'attempts' | 'resends'>,
    step: NextStep,
  ): Promise<boolean> {
    const changed = await tx.execute(
      `UPDATE notifications SET status = $3, lease_until = NULL, last_failure = $4,
              sent_at = CASE WHEN $3 = 'sent' THEN now() END, next_attempt_at = now() + $5 * interval '1 millisecond',
              partly_taken = $7::jsonb
        WHERE id = $1 AND attempts = $2 AND resends = $6 AND status = 'sending'`,
      [
        ...[id, attempts, step.status, step.failure, step.status === 'pending' ? step.pauseMs : 0, resends],
        step.status === 'pending' && step.progress !== null ? JSON.stringify(step.progress) : null,
      ],
    );
    return changed === 1;
  }

  /** For metrics: what is due and not sent. */
  async backlog(on: Queryable): Promise<Backlog> {
    const [row] = await on.query<Backlog>(
      `SELECT count(*)::int AS count,
              coalesce(extract(epoch FROM now() - min(coalesce(n.lease_until, n.next_attempt_at))), 0)::float8 AS "oldestSeconds"
         FROM notifications n WHERE ${IS_DUE}`,
    );
    return row ?? { count: 0, oldestSeconds: 0 };
  }
}
