import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { invariantViolated } from '../../domain/errors.js';
import { newId } from '../../domain/ids.js';
import { normalizeText } from '../../domain/text.js';
import { PLATFORM, type Tx, UnitOfWork } from '../../platform/database/index.js';
import { IdempotencyService, type IdempotentRequest, type Reply } from '../../platform/idempotency/index.js';
import { AuditTrail } from '../audit/index.js';
import { type EventData, EventLog, type EventNote, type EventType } from '../events/index.js';
import { FieldCipher } from '../../platform/encryption/index.js';
import { KeyHasher } from './application/key-hasher.js';
import { signingSecretOf } from './application/recognize-key.js';
import { type ApiKey, apiKeyStatus, endOfOverlap } from './domain/api-key.js';
import { newKeyText, newSigningSecret } from './domain/key-text.js';
import { apiKeyNotActive, apiKeyRotatedBefore, expiryInThePast, slugTaken } from './domain/organization.errors.js';
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
  /** Whether each of its requests has to be signed; left out: no. */
  readonly requireSignature?: boolean | undefined;
}

export interface RotateApiKey {
  readonly organizationId: string;
  readonly apiKeyId: string;
  /** For how long the old key still works; left out: as long as the configuration says. */
  readonly overlapSeconds?: number | undefined;
  /** Left out: the new key signs when the old one does. */
  readonly requireSignature?: boolean | undefined;
}

/**
 * `secret` is the whole key, and `signingSecret` what its requests are signed with, if they are. Both are null in an answer that is
 * kept: they are shown once.
 */
export type ApiKeyAnswer = (key: ApiKey, secret: string | null, signingSecret: string | null) => Reply;

@Injectable()
export class OrganizationsService {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: OrganizationsRepository,
    private readonly queries: OrganizationsQueries,
    private readonly audit: AuditTrail,
    private readonly events: EventLog,
    private readonly hasher: KeyHasher,
    private readonly cipher: FieldCipher,
    @Inject(CONFIG) private readonly config: Config,
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
    return this.issue(request, answer, async (tx) => {
      const { id: organizationId } = await this.queries.get(command.organizationId, tx);
      const expiresAt = command.expiresAt === null ? null : new Date(command.expiresAt);
      if (expiresAt !== null && expiresAt <= new Date()) throw expiryInThePast();
      const { scopes, requireSignature = false } = command;
      const name = normalizeText(command.name);
      return {
        organizationId,
        name,
        scopes,
        expiresAt,
        lineageId: null,
        requiresSignature: requireSignature,
        replaces: null,
      };
    });
  }

  /** The same rights under a new key. The old one stops working when this returns, or when the overlap ends. */
  async rotateApiKey(command: RotateApiKey, idempotencyKey: string | null, answer: ApiKeyAnswer): Promise<Reply> {
    const request = { organizationId: null, operation: 'api-keys.rotate', key: idempotencyKey, body: command };
    const { overlapSeconds = this.config.API_KEY_ROTATION_OVERLAP_SECONDS } = command;
    return this.issue(request, answer, async (tx, successorId) => {
      const now = new Date();
      const old = await this.getRotatable(tx, command, now);
      const endsAt = overlapSeconds === 0 ? null : endOfOverlap(old, now, overlapSeconds);
      if (!(await this.repository.succeedApiKey(tx, old.id, successorId, endsAt))) {
        // Somebody else was faster, and has committed: now it shows.
        await this.getRotatable(tx, command, now);
        throw invariantViolated(`Key ${old.id} could not be rotated, and there is no reason.`);
      }
      const requiresSignature = command.requireSignature ?? old.requiresSignature;
      return { ...grantOf(old), requiresSignature, replaces: old.id };
    });
  }

  /** Doing it twice changes nothing. */
  async revokeApiKey(organizationId: string, apiKeyId: string): Promise<void> {
    const key = await this.queries.getApiKey(organizationId, apiKeyId);
    await this.unitOfWork.run(PLATFORM, async (tx) => {
      if (!(await this.repository.revokeApiKey(tx, key.id))) return;
      const resource = { type: 'api_key', id: key.id } as const;
      this.audit.record(tx, { organizationId: key.organizationId, action: 'api_key.revoked', resource });
      this.events.record(tx, keyEvent('api_key.revoked', key, { api_key_id: key.id }));
    });
  }

  private async getRotatable(tx: Tx, { organizationId, apiKeyId }: RotateApiKey, now: Date): Promise<ApiKey> {
    const key = await this.queries.getApiKey(organizationId, apiKeyId, tx);
    const status = apiKeyStatus(key, now);
    if (status !== 'active') throw apiKeyNotActive(status);
    if (key.successorId !== null) throw apiKeyRotatedBefore(key.successorId);
    return key;
  }

  private async issue(
    request: IdempotentRequest,
    answer: ApiKeyAnswer,
    grant: (tx: Tx, id: string) => Promise<Grant>,
  ): Promise<Reply> {
    const { publicId, text } = newKeyText();
    let issued = null as { key: ApiKey; signingSecret: string | null } | null;
    const reply = await this.idempotency.run(request, async (tx) => {
      const id = newId();
      const { organizationId, name, scopes, expiresAt, lineageId, requiresSignature, replaces } = await grant(tx, id);
      const secret = requiresSignature ? newSigningSecret() : null;
      const key = await this.repository.insertApiKey(tx, {
        id,
        publicId,
        organizationId,
        name,
        expiresAt,
        ...this.hasher.hash(text),
        scopes: [...new Set(scopes)],
        lineageId: lineageId ?? id,
        signingSecret: secret === null ? null : this.cipher.seal(secret, signingSecretOf({ organizationId, id })),
      });
      issued = { key, signingSecret: secret };
      this.recordIssue(tx, key, replaces);
      return answer(key, null, null);
    });
    return issued === null || reply.replayed ? reply : answer(issued.key, text, issued.signingSecret);
  }

  private recordIssue(tx: Tx, key: ApiKey, replaces: string | null): void {
    const { id, organizationId, scopes, expiresAt } = key;
    const data = { api_key_id: id };
    const issued = { scopes, expires_at: expiresAt?.toISOString() ?? null };
    if (replaces === null) {
      const resource = { type: 'api_key', id } as const;
      this.audit.record(tx, { organizationId, action: 'api_key.created', resource, after: issued });
      this.events.record(tx, keyEvent('api_key.created', key, data));
    } else {
      const resource = { type: 'api_key', id: replaces } as const;
      const after = { ...issued, replaced_by: id };
      this.audit.record(tx, { organizationId, action: 'api_key.rotated', resource, after });
      this.events.record(tx, keyEvent('api_key.rotated', key, { ...data, replaced_api_key_id: replaces }));
    }
  }
}

const keyEvent = <Type extends EventType>(
  type: Type,
  { id: subjectId, organizationId }: ApiKey,
  data: EventData<Type>,
): EventNote<Type> => ({ organizationId, type, subjectId, data });

type Grant = Pick<ApiKey, 'organizationId' | 'name' | 'scopes' | 'expiresAt' | 'requiresSignature'> & {
  /** Null: a new key begins its own line. */
  readonly lineageId: string | null;
  /** The key that the new one is a successor of. */
  readonly replaces: string | null;
};

const grantOf = ({ organizationId, name, scopes, expiresAt, lineageId }: ApiKey) => {
  return { organizationId, name, scopes, expiresAt, lineageId };
};
