import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { newId } from '../../domain/ids.js';
import { normalizeText } from '../../domain/text.js';
import { PLATFORM, type Tx, UnitOfWork } from '../../platform/database/index.js';
import { IdempotencyService, type IdempotentRequest, type Reply } from '../../platform/idempotency/index.js';
import { createLogger } from '../../platform/logging/index.js';
import { AuditTrail } from '../audit/index.js';
import { type ApiKey, apiKeyStatus, isUseWorthNoting } from './domain/api-key.js';
import { newKeyText, publicIdOf } from './domain/key-text.js';
import { apiKeyNotActive, expiryInThePast, slugTaken } from './domain/organization.errors.js';
import type { Organization } from './domain/organization.js';
import type { Scope } from './domain/scopes.js';
import { OrganizationsQueries } from './organizations.queries.js';
import { OrganizationsRepository } from './persistence/organizations.repository.js';

export interface CreateOrganization {
  readonly name: string;
  readonly slug: string;
}

export interface CreateApiKey {
  readonly organizationId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** ISO 8601; null: does not expire. */
  readonly expiresAt: string | null;
}

export interface RotateApiKey {
  readonly organizationId: string;
  readonly apiKeyId: string;
}

/** The secret is the whole key, or null in an answer that is kept: a secret is shown once and stored nowhere. */
export type ApiKeyAnswer = (key: ApiKey, secret: string | null) => Reply;

const logger = createLogger('organizations');

@Injectable()
export class OrganizationsService {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: OrganizationsRepository,
    private readonly queries: OrganizationsQueries,
    private readonly audit: AuditTrail,
  ) {}

  /** Creates the tenant alone: accounts and keys are asked for one by one. */
  async create(
    command: CreateOrganization,
    idempotencyKey: string | null,
    answer: (organization: Organization) => Reply,
  ): Promise<Reply> {
    const request = { organizationId: null, operation: 'organizations.create', key: idempotencyKey, body: command };
    return this.idempotency.run(request, async (tx) => {
      const name = normalizeText(command.name);
      const organization = await this.repository.insert(tx, { id: newId(), name, slug: command.slug });
      if (!organization) throw slugTaken();
      const { id, slug } = organization;
      const resource = { type: 'organization', id } as const;
      this.audit.record(tx, { organizationId: id, action: 'organization.created', resource, after: { slug } });
      return answer(organization);
    });
  }

  async createApiKey(command: CreateApiKey, idempotencyKey: string | null, answer: ApiKeyAnswer): Promise<Reply> {
    const request = { organizationId: null, operation: 'api-keys.create', key: idempotencyKey, body: command };
    return this.issue(request, answer, async () => {
      const { id: organizationId } = await this.queries.get(command.organizationId);
      const expiresAt = command.expiresAt === null ? null : new Date(command.expiresAt);
      if (expiresAt !== null && expiresAt <= new Date()) throw expiryInThePast();
      return { organizationId, name: normalizeText(command.name), scopes: command.scopes, expiresAt, replaces: null };
    });
  }

  /** The same rights under a new key. The old one stops working when this returns. */
  async rotateApiKey(command: RotateApiKey, idempotencyKey: string | null, answer: ApiKeyAnswer): Promise<Reply> {
    const request = { organizationId: null, operation: 'api-keys.rotate', key: idempotencyKey, body: command };
    return this.issue(request, answer, async (tx) => {
      const old = await this.queries.getApiKey(command.organizationId, command.apiKeyId);
      const status = apiKeyStatus(old, new Date());
      if (status !== 'active') throw apiKeyNotActive(status);
      if (!(await this.repository.revokeApiKey(tx, old.id))) throw apiKeyNotActive('revoked');
      return { ...old, replaces: old.id };
    });
  }

  /** Doing it twice changes nothing. */
  async revokeApiKey(organizationId: string, apiKeyId: string): Promise<void> {
    const key = await this.queries.getApiKey(organizationId, apiKeyId);
    await this.unitOfWork.run(PLATFORM, async (tx) => {
      if (!(await this.repository.revokeApiKey(tx, key.id))) return;
      const resource = { type: 'api_key', id: key.id } as const;
      this.audit.record(tx, { organizationId: key.organizationId, action: 'api_key.revoked', resource });
    });
  }

  /** The key a caller showed, or null when it is none of ours, expired or revoked. */
  async authenticate(text: string): Promise<ApiKey | null> {
    const publicId = publicIdOf(text);
    const key = publicId === null ? null : await this.repository.findApiKeyByPublicId(publicId);
    if (!key || !timingSafeEqual(hashKey(text), key.secretHash)) return null;
    const now = new Date();
    if (apiKeyStatus(key, now) !== 'active') return null;
    if (isUseWorthNoting(key, now)) this.noteUse(key);
    return key;
  }

  private async issue(
    request: IdempotentRequest,
    answer: ApiKeyAnswer,
    grant: (tx: Tx) => Promise<Grant>,
  ): Promise<Reply> {
    const { publicId, text } = newKeyText();
    let issued = null as ApiKey | null;
    const reply = await this.idempotency.run(request, async (tx) => {
      const { organizationId, name, scopes, expiresAt, replaces } = await grant(tx);
      const values = { id: newId(), publicId, secretHash: hashKey(text), organizationId, name, expiresAt };
      issued = await this.repository.insertApiKey(tx, { ...values, scopes: [...new Set(scopes)] });
      this.recordIssue(tx, issued, replaces);
      return answer(issued, null);
    });
    return issued === null || reply.replayed ? reply : answer(issued, text);
  }

  private recordIssue(tx: Tx, { id, organizationId, scopes, expiresAt }: ApiKey, replaces: string | null): void {
    const issued = { scopes, expires_at: expiresAt?.toISOString() ?? null };
    if (replaces === null) {
      const resource = { type: 'api_key', id } as const;
      this.audit.record(tx, { organizationId, action: 'api_key.created', resource, after: issued });
    } else {
      const resource = { type: 'api_key', id: replaces } as const;
      const after = { ...issued, replaced_by: id };
      this.audit.record(tx, { organizationId, action: 'api_key.rotated', resource, after });
    }
  }

  /** Nobody waits for this, and a request does not fail over it. */
  private noteUse(key: ApiKey): void {
    this.repository.noteApiKeyUse(key.id).catch((error: unknown) => {
      logger.warn({ event: 'api_key_use_not_noted', api_key_id: key.id, err: error });
    });
  }
}

interface Grant extends Pick<ApiKey, 'organizationId' | 'name' | 'scopes' | 'expiresAt'> {
  /** The key that the new one is a successor of. */
  readonly replaces: string | null;
}

/** SHA-256 without salt or stretching: the secret is 256 random bits, there is no dictionary to try. */
export const hashKey = (text: string): Buffer => createHash('sha256').update(text).digest();
