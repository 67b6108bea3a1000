import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { canonicalPieces } from '../../domain/canonical-json.js';
import { DomainError } from '../../domain/errors.js';
import { Database, ofOrganizationOrPlatform, type Tx, UnitOfWork } from '../database/index.js';
import { type IdempotencyRecord, IdempotencyRepository } from './idempotency.repository.js';
import { Reply } from './reply.js';

/** One POST as idempotency sees it. `key` null: the caller sent none, so the work simply runs. */
export interface IdempotentRequest {
  /** Null for the platform's own operations (an admin creating organizations). */
  readonly organizationId: string | null;
  readonly operation: string;
  readonly key: string | null;
  readonly body: unknown;
}

/** Stands for "no organization" in the key's primary key. */
const PLATFORM = '00000000-0000-0000-0000-000000000000';

export const idempotencyKeyReused = (): DomainError =>
  new DomainError(
    'rule',
    'idempotency_key_reused',
    'This idempotency key was used before with another request body or another key.',
  );

export const idempotencyInProgress = (): DomainError =>
  new DomainError('conflict', 'idempotency_in_progress', 'A request with this key is still being processed.', {
    retryAfterSeconds: 1,
  });

export function hashBody(body: unknown): Buffer {
  const hash = createHash('sha256');
  canonicalPieces(body, (piece) => hash.update(piece));
  return hash.digest();
}

/** The stored answer, when it belongs to this body. */
export function replayOf(record: IdempotencyRecord, bodyHash: Buffer): Reply {
  if (!record.bodyHash.equals(bodyHash)) throw idempotencyKeyReused();
  if (record.status === null || record.body === null) throw idempotencyInProgress();
  return Reply.stored(record.status, record.body, record.location);
}

/**
 * Runs a write once per key: the key, the hash of the body and the effect commit together, so a crash leaves all or nothing.
 * Refusals thrown by `work` roll the claim back and are not stored.
 */
@Injectable()
export class IdempotencyService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly database: Database,
    private readonly repository: IdempotencyRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async run(request: IdempotentRequest, work: (tx: Tx) => Promise<Reply>): Promise<Reply> {
    const access = ofOrganizationOrPlatform(request.organizationId);
    if (request.key === null) return this.unitOfWork.run(access, work);
    const slot = { organizationId: request.organizationId ?? PLATFORM, operation: request.operation, key: request.key };
    const bodyHash = hashBody(request.body);
    const known = await this.repository.find(this.database.as(access), slot);
    if (known) return replayOf(known, bodyHash);
    return this.unitOfWork.run(access, async (tx) => {
      if (!(await this.repository.tryLock(tx, slot))) throw idempotencyInProgress();
      if (!(await this.repository.claim(tx, slot, bodyHash, this.config.IDEMPOTENCY_TTL_DAYS * 24))) {
        const record = await this.repository.find(tx, slot);
        if (!record) throw idempotencyInProgress();
        return replayOf(record, bodyHash);
      }
      const reply = await work(tx);
      await this.repository.store(tx, slot, {
        status: reply.status,
        body: reply.json,
        location: reply.location,
        resourceId: null,
      });
      return reply;
    });
  }
}
