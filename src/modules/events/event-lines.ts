import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../domain/errors.js';
import type { Queryable } from '../../platform/database/index.js';
import type { LineDetail } from './domain/event.js';

/** Looks up lines of a bulk request by their positions. */
export type FindLines = (
  on: Queryable,
  organizationId: string,
  bulkId: string,
  lines: readonly number[],
) => Promise<readonly LineDetail[]>;

/** Who knows the lines that blocks of events are about: the log keeps their positions only. */
@Injectable()
export class EventLines {
  private finder: FindLines | undefined;

  /** Called once, by the module that owns the lines. */
  provide(finder: FindLines): void {
    this.finder = finder;
  }

  async find(...asked: Parameters<FindLines>): Promise<ReadonlyMap<number, LineDetail>> {
    if (!this.finder) throw invariantViolated('nobody knows the lines of events');
    const found = await this.finder(...asked);
    return new Map(found.map((detail) => [detail.line, detail]));
  }
}
