import { createHash, type Hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../../domain/errors.js';
import type { Queryable } from '../../../platform/database/index.js';
import { Unsealable } from '../../../platform/encryption/index.js';
import { type NewTransfer, TransfersQueries } from '../../transfers/index.js';
import { ApprovalPayload, type PayloadHeader } from '../domain/approval-payload.js';
import { BulkRequestRepository, type NewBulkRequest } from '../persistence/bulk-request.repository.js';

/** SHA-256 of the canonical payload, in hex: what an approval binds. */
@Injectable()
export class HashPayload {
  constructor(
    private readonly bulks: BulkRequestRepository,
    private readonly transfers: TransfersQueries,
  ) {}

  /** Of what is about to be stored. */
  ofSubmission(bulk: NewBulkRequest, lines: readonly NewTransfer[]): string {
    const { hash, payload } = begin({ ...bulk, requestedExecutionDate: null });
    const { currency } = bulk;
    for (let start = 0; start < lines.length; start += PAGE) {
      payload.add(lines.slice(start, start + PAGE).map((line) => Object.assign({ currency }, line)));
    }
    return end(hash, payload);
  }

  /** Of what is stored: read anew each time, so that whatever was done to the rows shows. */
  async ofStored(on: Queryable, organizationId: string, bulkId: string): Promise<string> {
    const bulk = await this.bulks.find(on, organizationId, bulkId);
    if (!bulk) throw invariantViolated('a locked bulk request is not there');
    const { hash, payload } = begin(bulk);
    try {
      for await (const page of this.transfers.pagesOfBulk(on, organizationId, bulkId)) payload.add(page);
    } catch (error) {
      // An IBAN that does not open is not what was submitted, whatever it was.
      if (error instanceof Unsealable) return UNREADABLE;
      throw error;
    }
    return end(hash, payload);
  }
}

/** No hash is equal to it. */
const UNREADABLE = '';

/** Lines at a time, so that no text gets long. */
const PAGE = 500;

function begin(header: PayloadHeader): { hash: Hash; payload: ApprovalPayload } {
  const hash = createHash('sha256');
  return { hash, payload: new ApprovalPayload(header, (piece) => hash.update(piece)) };
}

function end(hash: Hash, payload: ApprovalPayload): string {
  payload.end();
  return hash.digest('hex');
}
