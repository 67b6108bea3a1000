import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { minIdAt } from '../../../domain/ids.js';
import { normalizeText } from '../../../domain/text.js';
import { Database, type Queryable, type Tx } from '../../../platform/database/index.js';
import { type NewTransfer, TransfersQueries } from '../../transfers/index.js';
import type { WaitingReason } from '../domain/approval.js';
import { suspectedDuplicates } from '../domain/bulk-request.errors.js';
import {
  alikeWithin,
  decideDuplicates,
  type DuplicatePolicy,
  mergeSuspected,
  warningsAbout,
} from '../domain/duplicate.js';
import { AcceptanceCountRepository } from '../persistence/acceptance-count.repository.js';
import type { NewBulkRequest } from '../persistence/bulk-request.repository.js';

/** How to look for duplicates, and what to do about them. */
export interface DuplicateSearch {
  readonly policy: DuplicatePolicy;
  /** Why lines that would be blocked are no duplicates. */
  readonly overrideReason: string | null;
  readonly pointerOf: (line: number) => string;
  /** Whether the lines are those of an earlier request, which said then how they are like each other. */
  readonly isAskedBefore: boolean;
}

export interface FoundDuplicates {
  readonly warnings: readonly string[];
  readonly reasons: readonly WaitingReason[];
  readonly overridden: { readonly lines: number; readonly reason: string } | null;
  readonly search: DuplicateSearch;
  /** How many bulks of the organization were accepted before it was looked. */
  readonly asOf: bigint;
}

const DAY_MS = 86_400_000;

/** Finds lines that look like payments of the last days, or like each other, and does what the policy says. None is dropped. */
@Injectable()
export class DetectDuplicates {
  constructor(
    private readonly database: Database,
    private readonly transfers: TransfersQueries,
    private readonly acceptances: AcceptanceCountRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @throws suspected_duplicate */
  async detect(bulk: NewBulkRequest, lines: readonly NewTransfer[], search: DuplicateSearch): Promise<FoundDuplicates> {
    const on = this.database.of(bulk.organizationId);
    // Counted first: what is accepted while we look may be overlooked, and then the count has changed.
    const asOf = await this.acceptances.find(on, bulk.organizationId);
    return this.look(on, bulk, lines, { search, asOf });
  }

  /**
   * Counts the bulk as accepted, which makes every other of its organization wait until the transaction ends, and looks again if one was
   * accepted since the first look: two requests at the same moment would otherwise not see each other.
   *
   * @param found at the first look
   * @throws suspected_duplicate
   */
  async confirm(
    tx: Tx,
    bulk: NewBulkRequest,
    lines: readonly NewTransfer[],
    found: FoundDuplicates,
  ): Promise<FoundDuplicates> {
    const asOf = (await this.acceptances.advance(tx, bulk.organizationId)) - 1n;
    if (found.asOf === asOf) return found;
    return this.look(tx, bulk, lines, { search: found.search, asOf });
  }

  private async look(
    on: Queryable,
    { id, organizationId, currency, metadata, originId }: NewBulkRequest,
    lines: readonly NewTransfer[],
    { search, asOf }: Pick<FoundDuplicates, 'search' | 'asOf'>,
  ): Promise<FoundDuplicates> {
    const { policy, overrideReason, pointerOf, isAskedBefore } = search;
    const days = this.config.DUPLICATE_WINDOW_DAYS;
    const payments = { organizationId, currency, period: metadata.period ?? null, exceptBulkId: id };
    const windowId = minIdAt(Date.now() - days * DAY_MS);
    // What failed may have been paid otherwise at any time since it was asked for. The ids of transfers grow, and are larger than their bulk's.
    const fromId = originId !== null && originId < windowId ? originId : windowId;
    const earlier = days === 0 ? [] : await this.transfers.findAlike(on, { ...payments, fromId }, lines);
    const found = mergeSuspected(
      earlier.map(({ line, transferId }) => ({ line, transferId, likeLine: null })),
      days === 0 || isAskedBefore ? [] : alikeWithin(lines),
    );
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
      search,
      asOf,
    };
  }
}
