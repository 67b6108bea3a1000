import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { Database, type Queryable, type Tx } from '../../../platform/database/index.js';
import {
  hashBody,
  idempotencyInProgress,
  idempotencyKeyReused,
  type IdempotencyRecord,
  IdempotencyRepository,
  type IdempotencySlot,
  replayOf,
  type Reply,
} from '../../../platform/idempotency/index.js';
import { duplicateBulkRequest } from '../domain/bulk-request.errors.js';

/** Under what a submission is remembered: a key, a `request_id`, both, or its own fingerprint. */
export interface SubmissionKey {
  readonly organizationId: string;
  readonly slots: readonly IdempotencySlot[];
  readonly bodyHash: Buffer;
  /** A fingerprint remembers accepted payloads for a day, and no refusals. */
  readonly isFingerprint: boolean;
}

const FINGERPRINT_TTL_HOURS = 24;

/** The ways a submission is recognized when it comes again. */
@Injectable()
export class RecognizeSubmission {
  constructor(
    private readonly database: Database,
    private readonly repository: IdempotencyRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  of(submission: {
    organizationId: string;
    operation: string;
    idempotencyKey: string | null;
    requestId: string | null;
    body: unknown;
  }): SubmissionKey {
    const { organizationId, operation, idempotencyKey, requestId } = submission;
    const bodyHash = hashBody(submission.body);
    const keys: string[] = [];
    if (idempotencyKey !== null) keys.push(`key:${idempotencyKey}`);
    if (requestId !== null) keys.push(`request:${requestId}`);
    const isFingerprint = keys.length === 0;
    if (isFingerprint) keys.push(`fingerprint:${bodyHash.toString('hex')}`);
    const slots = keys.map((key) => ({ organizationId, operation, key }));
    return { organizationId, slots, bodyHash, isFingerprint };
  }

  /** The answer given before, if there is one. Costs a broke or repeating caller one read and no lock. */
  findReplay(key: SubmissionKey): Promise<Reply | null> {
    return this.replay(this.database.of(key.organizationId), key);
  }

  /** Whether it is remembered as this bulk's, which is there then. */
  async belongTo(key: SubmissionKey, bulkId: string): Promise<boolean> {
    const [slot] = key.slots;
    return (
      slot !== undefined &&
      (await this.repository.find(this.database.of(key.organizationId), slot))?.resourceId === bulkId
    );
  }

  /**
   * Claims the submission for this transaction, first of all its locks.
   *
   * @returns the answer given before, or null when it is this transaction's to give
   * @throws idempotency_in_progress, idempotency_key_reused, duplicate_bulk_request
   */
  async claim(tx: Tx, key: SubmissionKey): Promise<Reply | null> {
    for (const slot of key.slots) {
      if (!(await this.repository.tryLock(tx, slot))) throw idempotencyInProgress();
    }
    const replay = await this.replay(tx, key);
    if (replay) return replay;
    const ttlHours = key.isFingerprint ? FINGERPRINT_TTL_HOURS : this.config.IDEMPOTENCY_TTL_DAYS * 24;
    for (const slot of key.slots) await this.repository.claim(tx, slot, key.bodyHash, ttlHours);
    return null;
  }

  /** Keeps the answer beside the claim. */
  async store(tx: Tx, key: SubmissionKey, reply: Reply, bulkId: string | null): Promise<void> {
    const answer = key.isFingerprint
      ? { status: null, body: null, location: null, resourceId: bulkId }
      : { status: reply.status, body: reply.json, location: reply.location, resourceId: bulkId };
    for (const slot of key.slots) await this.repository.store(tx, slot, answer);
  }

  private async replay(on: Queryable, key: SubmissionKey): Promise<Reply | null> {
    const records: (IdempotencyRecord | null)[] = [];
    // One after the other: a transaction is one connection.
    for (const slot of key.slots) records.push(await this.repository.find(on, slot));
    const [first] = records.filter((record) => record !== null);
    if (!first) return null;
    if (key.isFingerprint)
      throw first.resourceId === null ? idempotencyInProgress() : duplicateBulkRequest(first.resourceId);
    // Sent together now, they must have been sent together then.
    const sameCall = records.every((record) => record !== null && record.resourceId === first.resourceId);
    if (!sameCall) throw idempotencyKeyReused();
    return replayOf(first, key.bodyHash);
  }
}
