import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { newId } from '../../../domain/ids.js';
import type { Tx } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { currentRequestId } from '../../../platform/logging/request-context.js';
import { Wake } from '../../../platform/queue/index.js';
import { chunkSize, type NewTransfer, TransfersService } from '../../transfers/index.js';
import { BulkCompletionRepository, type LockedBulkRequest } from '../persistence/bulk-completion.repository.js';
import { BulkRequestRepository, type NewBulkRequest } from '../persistence/bulk-request.repository.js';
import { RecordBulkChange } from './record-bulk-change.js';

const logger = createLogger('control');

/** `on_failure: reverse`: what settled is taken back, as transfers of a bulk of their own. */
@Injectable()
export class ReverseBulkRequest {
  constructor(
    private readonly bulks: BulkRequestRepository,
    private readonly completions: BulkCompletionRepository,
    private readonly transfers: TransfersService,
    private readonly changes: RecordBulkChange,
    private readonly wake: Wake,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Opens a reversal of what has settled and is not being taken back yet. The caller holds the bulk's lock, and nothing of it is being
   * submitted. Lines that settle later, from a person's desk, get a reversal of their own.
   *
   * @returns whether anything is still being taken back
   */
  async reverse(tx: Tx, bulk: LockedBulkRequest): Promise<boolean> {
    const lines = await this.transfers.listUnreversed(tx, bulk.organizationId, bulk.id);
    if (lines.length === 0) return this.completions.hasOpenReversals(tx, bulk.id);
    const id = await this.open(tx, bulk, lines);
    tx.afterCommit(() => {
      this.wake.notify('chunks');
      logger.info({ event: 'bulk_reversed', bulk_request_id: bulk.id, reversal_id: id, lines: lines.length });
    });
    return true;
  }

  private async open(tx: Tx, bulk: LockedBulkRequest, lines: readonly NewTransfer[]): Promise<string> {
    const { organizationId, debtorAccountId, currency, rail, priority } = bulk;
    const id = newId();
    const reversal: NewBulkRequest = {
      id,
      organizationId,
      requestId: null,
      correlationId: currentRequestId() ?? null,
      debtorAccountId,
      currency,
      onFailure: 'continue',
      validation: 'all_or_nothing',
      priority,
      rail,
      metadata: {},
      origin: 'reversal',
      originId: bulk.id,
      totalMinor: lines.reduce((sum, line) => sum + line.amountMinor, 0n),
      transferCount: lines.length,
      rejectedCount: 0,
      rejectedLines: [],
    };
    await this.bulks.insert(tx, reversal);
    const size = chunkSize(lines.length, this.config.CHUNK_SIZE);
    const owner = { organizationId, bulkId: id, debtorAccountId, currency };
    await this.transfers.open(tx, { ...owner, urgent: priority === 'urgent', chunkSize: size, isHeld: false }, lines);
    this.changes.accepted(tx, reversal, null);
    return id;
  }
}
