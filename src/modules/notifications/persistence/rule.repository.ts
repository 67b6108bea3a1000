import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import type { ActiveRule, NotificationRule } from '../domain/notification-rule.js';

const RULE = `id, organization_id AS "organizationId", channel_id AS "channelId", types, minimum_severity AS "minimumSeverity", enabled,
  start_sequence::float8 AS "startSequence", created_at AS "createdAt", updated_at AS "updatedAt"`;

@Injectable()
export class RuleRepository {
  /** Those that make notifications: they are enabled, and so is their channel. */
  async listActive(on: Queryable, organizationId: string): Promise<ActiveRule[]> {
    return on.query<ActiveRule>(
      `SELECT r.id, r.channel_id AS "channelId", c.kind AS "channelKind", r.types, r.minimum_severity AS "minimumSeverity",
              r.start_sequence::float8 AS "startSequence"
         FROM notification_rules r JOIN notification_channels c ON c.id = r.channel_id AND c.organization_id = r.organization_id
        WHERE r.organization_id = $1 AND r.enabled AND c.enabled ORDER BY r.id`,
      [organizationId],
    );
  }

  async count(tx: Tx, organizationId: string): Promise<number> {
    const [row] = await tx.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM notification_rules WHERE organization_id = $1`,
      [organizationId],
    );
    return row?.count ?? 0;
  }

  async insert(tx: Tx, rule: Omit<NotificationRule, 'createdAt' | 'updatedAt'>): Promise<NotificationRule> {
    const { id, organizationId, channelId, types, minimumSeverity, enabled, startSequence } = rule;
    const [row] = await tx.query<NotificationRule>(
      `INSERT INTO notification_rules (id, organization_id, channel_id, types, minimum_severity, enabled, start_sequence)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${RULE}`,
      [id, organizationId, channelId, types, minimumSeverity, enabled, startSequence],
    );
    return row as NotificationRule;
  }

  async find(on: Queryable, organizationId: string, id: string): Promise<NotificationRule | null> {
    return this.findBy(on, organizationId, id, '');
  }

  async lock(tx: Tx, organizationId: string, id: string): Promise<NotificationRule | null> {
    return this.findBy(tx, organizationId, id, 'FOR UPDATE');
  }

  async list(
    on: Queryable,
    organizationId: string,
    limit: number,
    beforeId: string | null,
  ): Promise<NotificationRule[]> {
    return on.query<NotificationRule>(
      `SELECT ${RULE} FROM notification_rules
        WHERE organization_id = $1 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $2`,
      [organizationId, limit, beforeId],
    );
  }

  async update(
    tx: Tx,
    rule: Pick<NotificationRule, 'id' | 'types' | 'minimumSeverity' | 'enabled' | 'startSequence'>,
  ): Promise<NotificationRule> {
    const { id, types, minimumSeverity, enabled, startSequence } = rule;
    const [row] = await tx.query<NotificationRule>(
      `UPDATE notification_rules SET types = $2, minimum_severity = $3, enabled = $4, start_sequence = $5, updated_at = now()
        WHERE id = $1 RETURNING ${RULE}`,
      [id, types, minimumSeverity, enabled, startSequence],
    );
    return row as NotificationRule;
  }

  /** Those of a channel that is switched on again. */
  async startOfChannel(tx: Tx, organizationId: string, channelId: string, startSequence: number): Promise<void> {
    await tx.execute(
      `UPDATE notification_rules SET start_sequence = $3 WHERE organization_id = $1 AND channel_id = $2`,
      [organizationId, channelId, startSequence],
    );
  }

  async delete(tx: Tx, id: string): Promise<void> {
    await tx.execute(`DELETE FROM notification_rules WHERE id = $1`, [id]);
  }

  /** The ids of those that went. */
  async deleteOfChannel(tx: Tx, organizationId: string, channelId: string): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `DELETE FROM notification_rules WHERE organization_id = $1 AND channel_id = $2 RETURNING id`,
      [organizationId, channelId],
    );
    return rows.map(({ id }) => id).sort();
  }

  private async findBy(
    on: Queryable,
    organizationId: string,
    id: string,
    lock: 'FOR UPDATE' | '',
  ): Promise<NotificationRule | null> {
    const [row] = await on.query<NotificationRule>(
      `SELECT ${RULE} FROM notification_rules WHERE organization_id = $1 AND id = $2 ${lock}`,
      [organizationId, id],
    );
    return row ?? null;
  }
}
