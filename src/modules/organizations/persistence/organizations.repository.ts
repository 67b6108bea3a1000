import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Database, PLATFORM, prepared, type Queryable, sqlState, type Tx } from '../../../platform/database/index.js';
import type { ApiKey } from '../domain/api-key.js';
import type { Organization } from '../domain/organization.js';
import { ApiKeyEntity } from './api-key.entity.js';
import { OrganizationEntity } from './organization.entity.js';

const UNIQUE_VIOLATION = '23505';

/** With the hash that a presented key is held against. */
export type KnownApiKey = ApiKey & { readonly secretHash: Buffer };

const ORGANIZATION = 'id, name, slug, created_at AS "createdAt"';

const API_KEY = `id, organization_id AS "organizationId", public_id AS "publicId", name, scopes, created_at AS "createdAt",
  expires_at AS "expiresAt", revoked_at AS "revokedAt", last_used_at AS "lastUsedAt"`;

const FIND_API_KEY = prepared(
  'find_api_key',
  `SELECT ${API_KEY}, secret_hash AS "secretHash" FROM api_keys WHERE public_id = $1`,
);

/** Tenants and keys are the platform's: who a key belongs to is found out before anybody acts for an organization. */
@Injectable()
export class OrganizationsRepository {
  private readonly platform: Queryable;

  constructor(database: Database) {
    this.platform = database.as(PLATFORM);
  }

  /** Null when the slug is taken; the transaction can then only be rolled back. */
  async insert(tx: Tx, values: Omit<OrganizationEntity, 'createdAt'>): Promise<OrganizationEntity | null> {
    const organization = tx.manager.create(OrganizationEntity, values);
    try {
      await tx.manager.insert(OrganizationEntity, organization);
      return organization;
    } catch (error) {
      if (sqlState(error) === UNIQUE_VIOLATION) return null;
      throw error;
    }
  }

  async find(id: string, on: Queryable = this.platform): Promise<Organization | null> {
    const [organization] = await on.query<Organization>(`SELECT ${ORGANIZATION} FROM organizations WHERE id = $1`, [
      id,
    ]);
    return organization ?? null;
  }

  /** Newest first, from before `beforeId` on. */
  async list(limit: number, beforeId: string | null): Promise<Organization[]> {
    return this.platform.query<Organization>(
      `SELECT ${ORGANIZATION} FROM organizations WHERE $2::uuid IS NULL OR id < $2 ORDER BY id DESC LIMIT $1`,
      [limit, beforeId],
    );
  }

  async insertApiKey(
    tx: Tx,
    values: Omit<ApiKeyEntity, 'createdAt' | 'revokedAt' | 'lastUsedAt'>,
  ): Promise<ApiKeyEntity> {
    const key = tx.manager.create(ApiKeyEntity, { ...values, revokedAt: null, lastUsedAt: null });
    await tx.manager.insert(ApiKeyEntity, key);
    return key;
  }

  async findApiKey(organizationId: string, id: string, on: Queryable = this.platform): Promise<ApiKey | null> {
    const [key] = await on.query<ApiKey>(`SELECT ${API_KEY} FROM api_keys WHERE organization_id = $1 AND id = $2`, [
      organizationId,
      id,
    ]);
    return key ?? null;
  }

  /** Every request asks this, and plain SQL costs half of what an entity does. */
  async findApiKeyByPublicId(publicId: string): Promise<KnownApiKey | null> {
    const [key] = await this.platform.query<KnownApiKey>(FIND_API_KEY, [publicId]);
    return key ?? null;
  }

  /** Newest first, from before `beforeId` on. */
  async listApiKeys(organizationId: string, limit: number, beforeId: string | null): Promise<ApiKey[]> {
    return this.platform.query<ApiKey>(
      `SELECT ${API_KEY} FROM api_keys WHERE organization_id = $1 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $2`,
      [organizationId, limit, beforeId],
    );
  }

  /** False when it was revoked already. */
  async revokeApiKey(tx: Tx, id: string): Promise<boolean> {
    const result = await tx.manager.update(ApiKeyEntity, { id, revokedAt: IsNull() }, { revokedAt: () => 'now()' });
    return result.affected === 1;
  }

  /** Outside any transaction: nothing waits for it and nothing depends on it. */
  async noteApiKeyUse(id: string): Promise<void> {
    await this.platform.execute(`UPDATE api_keys SET last_used_at = now() WHERE id = $1`, [id]);
  }
}
