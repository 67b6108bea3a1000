import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/index.js';
import type { ChannelKind } from '../domain/channel.js';
import type { Severity } from '../domain/severity.js';

/** A notification that still takes in more events of its kind. */
export interface Gathering {
  readonly id: string;
  readonly ruleId: string;
  readonly eventType: string;
  readonly gatherId: string;
  readonly eventCount: number;
}

export interface NewNotification {
  readonly id: string;
  readonly channelId: string;
  readonly channelKind: ChannelKind;
  readonly ruleId: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly sequence: number;
  readonly gatherId: string | null;
  readonly eventCount: number;
  readonly severity: Severity;
  /** How long it waits for others of its kind. */
  readonly waitMs: number;
  readonly subject: string;
  readonly body: string;
}

/** Events becoming notifications: one statement each, however many they are. */
@Injectable()
export class GatheringRepository {
  /** Those of these kinds that nobody has begun to send, locked. */
  async lock(
    tx: Tx,
    organizationId: string,
    kinds: readonly Pick<Gathering, 'ruleId' | 'eventType' | 'gatherId'>[],
  ): Promise<Gathering[]> {
    return tx.query<Gathering>(
      `SELECT n.id, n.rule_id AS "ruleId", n.event_type AS "eventType", n.gather_id AS "gatherId", n.event_count AS "eventCount"
         FROM notifications n
         JOIN unnest($2::uuid[], $3::text[], $4::uuid[]) AS k (rule_id, event_type, gather_id)
           ON n.rule_id = k.rule_id AND n.event_type = k.event_type AND n.gather_id = k.gather_id
        WHERE n.organization_id = $1 AND n.status = 'pending' AND n.attempts = 0 AND n.gather_id IS NOT NULL
          AND n.next_attempt_at > now()
        ORDER BY n.id FOR NO KEY UPDATE OF n`,
      [
        organizationId,
        kinds.map(({ ruleId }) => ruleId),
        kinds.map(({ eventType }) => eventType),
        kinds.map(({ gatherId }) => gatherId),
      ],
    );
  }

  async grow(
    tx: Tx,
    rows: readonly {
      readonly id: string;
      readonly eventCount: number;
      readonly subject: string;
      readonly body: string;
    }[],
  ): Promise<void> {
    await tx.execute(
      `UPDATE notifications n SET event_count = g.event_count, subject = g.subject, body = g.body
         FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) AS g (id, event_count, subject, body) WHERE n.id = g.id`,
      [
        rows.map(({ id }) => id),
        rows.map(({ eventCount }) => eventCount),
        rows.map(({ subject }) => subject),
        rows.map(({ body }) => body),
      ],
    );
  }

  async insert(tx: Tx, organizationId: string, rows: readonly NewNotification[]): Promise<void> {
    const columns = [
      rows.map(({ id }) => id),
      rows.map(({ channelId }) => channelId),
      rows.map(({ ruleId }) => ruleId),
      rows.map(({ eventId }) => eventId),
      rows.map(({ eventType }) => eventType),
      rows.map(({ sequence }) => sequence),
      rows.map(({ gatherId }) => gatherId),
      rows.map(({ eventCount }) => eventCount),
      rows.map(({ severity }) => severity),
      rows.map(({ waitMs }) => waitMs),
      rows.map(({ subject }) => subject),
      rows.map(({ body }) => body),
      rows.map(({ channelKind }) => channelKind),
    ];
    await tx.execute(
      `INSERT INTO notifications (id, organization_id, channel_id, rule_id, event_id, event_type, sequence, gather_id, event_count,
                                  severity, status, next_attempt_at, subject, body, channel_kind)
       SELECT r.id, $1, r.channel_id, r.rule_id, r.event_id, r.event_type, r.sequence, r.gather_id, r.event_count,
              r.severity, 'pending', now() + r.wait_ms * interval '1 millisecond', r.subject, r.body, r.channel_kind
         FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::uuid[], $9::int[], $10::text[],
                     $11::int[], $12::text[], $13::text[], $14::text[])
           AS r (id, channel_id, rule_id, event_id, event_type, sequence, gather_id, event_count, severity, wait_ms, subject, body,
                 channel_kind)
       ON CONFLICT (rule_id, sequence) DO NOTHING`,
      [organizationId, ...columns],
    );
  }
}
