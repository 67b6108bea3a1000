import { Injectable } from '@nestjs/common';
import { Database, PLATFORM, UnitOfWork } from '../database/index.js';
import { KeyRing, type Resealed, type SealedStore, Unsealable } from '../encryption/index.js';
import { type AnswerRow, IdempotencyRepository, type IdempotencySlot } from './idempotency.repository.js';

const BATCH_ROWS = 200;
const BEFORE_ALL: IdempotencySlot = { organizationId: '00000000-0000-0000-0000-000000000000', operation: '', key: '' };

/** The answers kept with idempotency keys, sealed under the current key. */
@Injectable()
export class ResealAnswers implements SealedStore {
  readonly name = 'idempotency_keys';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly database: Database,
    private readonly repository: IdempotencyRepository,
    private readonly ring: KeyRing,
  ) {}

  resealNext(from: string | null): Promise<Resealed> {
    const after = from === null ? BEFORE_ALL : (JSON.parse(from) as IdempotencySlot);
    return this.unitOfWork.run(PLATFORM, async (tx) => {
      const rows = await this.repository.lockOld(tx, this.ring.currentIdBytes, after, BATCH_ROWS);
      let unreadable = 0;
      for (const row of rows) {
        const body = this.bodyOf(row);
        if (body === null) unreadable += 1;
        else await this.repository.reseal(tx, row, body);
      }
      const last = rows.at(-1);
      const isLast = last === undefined || rows.length < BATCH_ROWS;
      const { organizationId, operation, key } = last ?? BEFORE_ALL;
      return {
        next: isLast ? null : JSON.stringify({ organizationId, operation, key }),
        resealed: rows.length - unreadable,
        unreadable,
      };
    });
  }

  countOld(): Promise<number> {
    return this.repository.countOld(this.database.as(PLATFORM), this.ring.currentIdBytes);
  }

  private bodyOf(row: AnswerRow): string | null {
    try {
      return this.repository.bodyOf(row, row);
    } catch (error) {
      if (error instanceof Unsealable) return null;
      throw error;
    }
  }
}
