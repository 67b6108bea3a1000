import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { Database, PLATFORM, prepared, type Queryable, sqlState, type Tx } from '../../../platform/database/index.js';
import type { ApiKey, KeyHash } from '../domain/api-key.js';
import type { Organization } from '../domain/organization.js';
import { ApiKeyEntity } from './api-key.entity.js';
import { OrganizationEntity } from './organization.entity.js';

const UNIQUE_VIOLATION = '23505';

/** With the hash that a presented key is held against, and the sealed secret that its requests are signed with. */
export type KnownApiKey = ApiKey & {
  readonly secretHash: Buffer;
  readonly hashKeyId: number | null;
  readonly signingSecret: Buffer | null;
};

/** What is kept of a key, under the current key of the ring. */
export type RenewedSecrets = KeyHash & { readonly signingSecret: Buffer | null };

/** A key that is new: it was neither used, revoked nor rotated. */
export type NewApiKey = Pick<
  ApiKeyEntity,
  | 'id'
  | 'organizationId'
  | 'publicId'
  | 'secretHash'
  | 'hashKeyId'
  | 'name'
  | 'scopes'
  | 'expiresAt'
  | 'lineageId'
  | 'signingSecret'
>;

const ORGANIZATION = 'id, name, slug, created_at AS "createdAt"';

const API_KEY = `id, organization_id AS "organizationId", public_id AS "publicId", name, scopes, created_at AS "createdAt",
  expires_at AS "expiresAt", revoked_at AS "revokedAt", last_used_at AS "lastUsedAt", lineage_id AS "lineageId",
  successor_id AS "successorId", signing_secret IS NOT NULL AS "requiresSignature"`;

const FIND_API_KEY = prepared(
  'find_api_key',
  `SELECT ${API_KEY}, secret_hash AS "secretHash", hash_key_id::float8 AS "hashKeyId", signing_secret AS "signingSecret"
     FROM api_keys WHERE public_id = $1`,
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

  async findBySlug(slug: string): Promise<Organization | null> {
    const [organization] = await this.platform.query<Organization>(
      `SELECT ${ORGANIZATION} FROM organizations WHERE slug = $1`,
      [slug],
    );
    return organization ?? null;
  }

  /** Newest first, from before `beforeId` on. */
  async list(limit: number, beforeId: string | null): Promise<Organization[]> {
    return this.platform.query<Organization>(
      `SELECT ${ORGANIZATION} FROM organizations WHERE $2::uuid IS NULL OR id < $2 ORDER BY id DESC LIMIT $1`,
      [limit, beforeId],
    );
  }

  async insertApiKey(tx: Tx, values: NewApiKey): Promise<ApiKeyEntity> {
    const unused = { revokedAt: null, lastUsedAt: null, successorId: null };
    const key = tx.manager.create(ApiKeyEntity, { ...values, ...unused });
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

  /** Gives a key its successor, and an end. False when it has a successor or was revoked already. `endsAt` null: it ends now. */
  async succeedApiKey(tx: Tx, id: string, successorId: string, endsAt: Date | null): Promise<boolean> {
    const succeeded = await tx.execute(
      `UPDATE api_keys
          SET successor_id = $2,
              revoked_at = CASE WHEN $3::timestamptz IS NULL THEN now() END,
              expires_at = coalesce($3, expires_at)
        WHERE id = $1 AND revoked_at IS NULL AND successor_id IS NULL`,
      [id, successorId, endsAt],
    );
    return succeeded === 1;
  }

  /** Outside any transaction: nothing waits for it and nothing depends on it. `renewed` null: what is kept of the key stays as it is. */
  async noteApiKeyUse(id: string, renewed: RenewedSecrets | null): Promise<void> {
    await this.platform.execute(
      `UPDATE api_keys
          SET last_used_at = now(), secret_hash = coalesce($2, secret_hash), hash_key_id = coalesce($3, hash_key_id),
              signing_secret = coalesce($4, signing_secret)
        WHERE id = $1`,
      [id, renewed?.secretHash ?? null, renewed?.hashKeyId ?? null, renewed?.signingSecret ?? null],
    );
  }
}
