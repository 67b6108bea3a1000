import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { minIdAt } from '../../../domain/ids.js';
import { normalizeText } from '../../../domain/text.js';
import { type NewTransfer, TransfersQueries } from '../../transfers/index.js';
import type { WaitingReason } from '../domain/approval.js';
import { suspectedDuplicates } from '../domain/bulk-request.errors.js';
import {
  alikeWithin,
  decideDuplicates,
  type DuplicatePolicy,
  mergeSuspected,
  strictest,
  warningsAbout,
} from '../domain/duplicate.js';
import type { NewBulkRequest } from '../persistence/bulk-request.repository.js';

/** What a submission says about duplicates. */
export interface DuplicateSearch {
  readonly policy: DuplicatePolicy | undefined;
  /** Why lines that would be blocked are no duplicates. */
  readonly overrideReason: string | null;
  readonly pointerOf: (line: number) => string;
}

export interface FoundDuplicates {
  readonly warnings: readonly string[];
  readonly reasons: readonly WaitingReason[];
  readonly overridden: { readonly lines: number; readonly reason: string } | null;
}

const DAY_MS = 86_400_000;

/** Finds lines that look like payments of the last days, or like each other, and does what the policy says. None is dropped. */
@Injectable()
export class DetectDuplicates {
  constructor(
    private readonly transfers: TransfersQueries,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws suspected_duplicate */
  async detect(
    { organizationId, currency, metadata }: NewBulkRequest,
    lines: readonly NewTransfer[],
    ownPolicy: DuplicatePolicy,
    { policy: asked, overrideReason, pointerOf }: DuplicateSearch,
  ): Promise<FoundDuplicates> {
    const days = this.config.DUPLICATE_WINDOW_DAYS;
    const payments = { organizationId, currency, period: metadata.period ?? null };
    const fromId = minIdAt(Date.now() - days * DAY_MS);
    const earlier = days === 0 ? [] : await this.transfers.findAlike({ ...payments, fromId }, lines);
    const found = mergeSuspected(
      earlier.map(({ line, transferId }) => ({ line, transferId, likeLine: null })),
      days === 0 ? [] : alikeWithin(lines),
    );
    const policy = strictest(ownPolicy, asked);
    const decision = decideDuplicates(policy, found.length, overrideReason);
    if (decision === 'refuse') throw suspectedDuplicates(found, pointerOf);
    const isHeld = decision === 'hold';
    return {
      warnings: warningsAbout(found, pointerOf),
      reasons: isHeld ? [{ code: 'suspected_duplicates', over: '0', actual: `${found.length}` }] : [],
      overridden:
        policy === 'block' && found.length > 0 && overrideReason !== null
          ? { lines: found.length, reason: normalizeText(overrideReason) }
          : null,
    };
  }
}
