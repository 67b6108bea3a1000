import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, LessThan, type Repository } from 'typeorm';
import { Database, prepared, sqlState, type Tx } from '../../../platform/database/index.js';
import type { ApiKey } from '../domain/api-key.js';
import { ApiKeyEntity } from './api-key.entity.js';
import { OrganizationEntity } from './organization.entity.js';

const UNIQUE_VIOLATION = '23505';

/** With the hash that a presented key is held against. */
export type KnownApiKey = ApiKey & { readonly secretHash: Buffer };

const FIND_API_KEY = prepared(
  'find_api_key',
  `SELECT id, organization_id AS "organizationId", public_id AS "publicId", secret_hash AS "secretHash", name, scopes,
          created_at AS "createdAt", expires_at AS "expiresAt", revoked_at AS "revokedAt", last_used_at AS "lastUsedAt"
     FROM api_keys WHERE public_id = $1`,
);

@Injectable()
export class OrganizationsRepository {
  constructor(
    @InjectRepository(OrganizationEntity) private readonly organizations: Repository<OrganizationEntity>,
    @InjectRepository(ApiKeyEntity) private readonly apiKeys: Repository<ApiKeyEntity>,
    private readonly database: Database,
  ) {}

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

  async find(id: string): Promise<OrganizationEntity | null> {
    return this.organizations.findOneBy({ id });
  }

  /** Newest first, from before `beforeId` on. */
  async list(limit: number, beforeId: string | null): Promise<OrganizationEntity[]> {
    const where = beforeId === null ? {} : { id: LessThan(beforeId) };
    return this.organizations.find({ where, order: { id: 'DESC' }, take: limit });
  }

  async insertApiKey(
    tx: Tx,
    values: Omit<ApiKeyEntity, 'createdAt' | 'revokedAt' | 'lastUsedAt'>,
  ): Promise<ApiKeyEntity> {
    const key = tx.manager.create(ApiKeyEntity, { ...values, revokedAt: null, lastUsedAt: null });
    await tx.manager.insert(ApiKeyEntity, key);
    return key;
  }

  async findApiKey(organizationId: string, id: string): Promise<ApiKeyEntity | null> {
    return this.apiKeys.findOneBy({ organizationId, id });
  }

  /** Every request asks this, and plain SQL costs half of what an entity does. */
  async findApiKeyByPublicId(publicId: string): Promise<KnownApiKey | null> {
    const [key] = await this.database.query<KnownApiKey>(FIND_API_KEY, [publicId]);
    return key ?? null;
  }

  /** Newest first, from before `beforeId` on. */
  async listApiKeys(organizationId: string, limit: number, beforeId: string | null): Promise<ApiKeyEntity[]> {
    const where = beforeId === null ? { organizationId } : { organizationId, id: LessThan(beforeId) };
    return this.apiKeys.find({ where, order: { id: 'DESC' }, take: limit });
  }

  /** False when it was revoked already. */
  async revokeApiKey(tx: Tx, id: string): Promise<boolean> {
    const result = await tx.manager.update(ApiKeyEntity, { id, revokedAt: IsNull() }, { revokedAt: () => 'now()' });
    return result.affected === 1;
  }

  /** Outside any transaction: nothing waits for it and nothing depends on it. */
  async noteApiKeyUse(id: string): Promise<void> {
    await this.apiKeys.update({ id }, { lastUsedAt: () => 'now()' });
  }
}
