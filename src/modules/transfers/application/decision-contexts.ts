import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { BOOK, RailsService } from '../../rails/index.js';
import type { DecisionContext } from '../domain/decide-submission.js';
import type { LeasedChunk } from '../persistence/chunk.repository.js';

/** What decisions about a chunk's lines depend on: the chunk, its rail, and how patient we are configured to be. */
@Injectable()
export class DecisionContexts {
  constructor(
    private readonly rails: RailsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  of(chunk: LeasedChunk, lineCount = chunk.lineCount): DecisionContext {
    const { config } = this;
    // The book rail decides in our own transaction: there is nothing to wait for, and nothing to send twice.
    const traits = chunk.rail === BOOK ? null : this.rails.get(chunk.rail).traits;
    return {
      tries: chunk.tries,
      deaths: chunk.deaths,
      lineCount,
      waitedMs: chunk.waitedMs,
      backoff: { baseMs: config.RETRY_BASE_MS, maxMs: config.RETRY_MAX_MS },
      maxAttempts: config.TRANSFER_MAX_ATTEMPTS,
      visibilityHorizonMs: traits?.visibilityHorizonMs ?? 0,
      deadlines: { inDoubtMs: config.RAIL_DOUBT_DEADLINE_MS, submittedMs: config.RAIL_SUBMITTED_DEADLINE_MS },
      deduplicates: traits?.deduplicates ?? true,
      random: Math.random(),
    };
  }
}
