import { Injectable } from '@nestjs/common';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import type { ChannelRecord } from '../domain/channel.js';

/** SQL: a {@link ChannelRecord}. */
export const CHANNEL = `id, organization_id AS "organizationId", kind, name, settings_sealed AS "settingsSealed", settings_version AS "settingsVersion", enabled,
  created_at AS "createdAt", updated_at AS "updatedAt"`;

type AssignedHere = 'settingsVersion' | 'createdAt' | 'updatedAt';

@Injectable()
export class ChannelRepository {
  /** Makes those who add something to the settings of an organization wait for each other, so that they can be counted. */
  async lockSettings(tx: Tx, organizationId: string): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('notification-settings:' || $1, 0))`, [
      organizationId,
    ]);
  }

  async count(tx: Tx, organizationId: string): Promise<number> {
    const [row] = await tx.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM notification_channels WHERE organization_id = $1`,
      [organizationId],
    );
    return row?.count ?? 0;
  }

  async insert(tx: Tx, channel: Omit<ChannelRecord, AssignedHere>): Promise<Pick<ChannelRecord, AssignedHere>> {
    const { id, organizationId, kind, name, settingsSealed, enabled } = channel;
    const [row] = await tx.query<Pick<ChannelRecord, AssignedHere>>(
      `INSERT INTO notification_channels (id, organization_id, kind, name, settings_sealed, enabled)
       VALUES ($1, $2, $3, $4, $5, $6)
       RETURNING settings_version AS "settingsVersion", created_at AS "createdAt", updated_at AS "updatedAt"`,
      [id, organizationId, kind, name, settingsSealed, enabled],
    );
    return row as Pick<ChannelRecord, AssignedHere>;
  }

  async find(on: Queryable, organizationId: string, id: string): Promise<ChannelRecord | null> {
    return this.findBy(on, organizationId, id, '');
  }

  async lock(tx: Tx, organizationId: string, id: string): Promise<ChannelRecord | null> {
    return this.findBy(tx, organizationId, id, 'FOR UPDATE');
  }

  async list(on: Queryable, organizationId: string, limit: number, beforeId: string | null): Promise<ChannelRecord[]> {
    return on.query<ChannelRecord>(
      `SELECT ${CHANNEL} FROM notification_channels
        WHERE organization_id = $1 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $2`,
      [organizationId, limit, beforeId],
    );
  }

  /** When it was changed. */
  async update(
    tx: Tx,
    { id, name, settingsSealed, enabled }: Pick<ChannelRecord, 'id' | 'name' | 'settingsSealed' | 'enabled'>,
  ): Promise<Date> {
    const [row] = await tx.query<{ updatedAt: Date }>(
      `UPDATE notification_channels SET name = $2, settings_sealed = $3, enabled = $4, updated_at = now(),
              settings_version = settings_version + (settings_sealed <> $3)::int
        WHERE id = $1 RETURNING updated_at AS "updatedAt"`,
      [id, name, settingsSealed, enabled],
    );
    return (row as { updatedAt: Date }).updatedAt;
  }

  async delete(tx: Tx, id: string): Promise<void> {
    await tx.execute(`DELETE FROM notification_channels WHERE id = $1`, [id]);
  }

  private async findBy(
    on: Queryable,
    organizationId: string,
    id: string,
    lock: 'FOR UPDATE' | '',
  ): Promise<ChannelRecord | null> {
    const [row] = await on.query<ChannelRecord>(
      `SELECT ${CHANNEL} FROM notification_channels WHERE organization_id = $1 AND id = $2 ${lock}`,
      [organizationId, id],
    );
    return row ?? null;
  }
}
