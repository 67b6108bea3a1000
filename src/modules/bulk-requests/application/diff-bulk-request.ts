import { Injectable } from '@nestjs/common';
import { notFound } from '../../../domain/errors.js';
import { Database } from '../../../platform/database/index.js';
import { Room } from '../../../platform/room.js';
import { TransfersQueries } from '../../transfers/index.js';
import { differentCurrencies } from '../domain/bulk-request.errors.js';
import {
  type ComparedCounterparty,
  type ComparedLine,
  diffPayrolls,
  type PayrollDiff,
} from '../domain/payroll-diff.js';
import { BulkRequestRepository, type BulkRequestRow } from '../persistence/bulk-request.repository.js';

export interface DiffCommand {
  readonly organizationId: string;
  readonly bulkId: string;
  /** Null: the one before it of the same kind. */
  readonly previousId: string | null;
  readonly tolerancePercent: number;
  readonly showIbans: boolean;
}

export interface BulkRequestDiff {
  readonly current: BulkRequestRow;
  /** Null when there is none to compare it with: everybody is new. */
  readonly previous: BulkRequestRow | null;
  readonly diff: PayrollDiff;
  /** As the caller may see them, by transfer id, for as many as are listed. */
  readonly ibans: ReadonlyMap<string, string>;
}

/** Counterparties listed of each kind of difference; the rest is counted. */
export const MAX_LISTED = 100;

/** Each holds all lines of two bulks. */
const AT_ONCE = 4;
const COME_AGAIN_SECONDS = 1;

/** What a reviewer looks at before approving: who is new, missing, paid elsewhere or paid another amount than the last time. */
@Injectable()
export class DiffBulkRequest {
  private readonly room = new Room(AT_ONCE, COME_AGAIN_SECONDS);

  constructor(
    private readonly database: Database,
    private readonly repository: BulkRequestRepository,
    private readonly transfers: TransfersQueries,
  ) {}

  /** @throws not_found, different_currencies, unavailable */
  diff(command: DiffCommand): Promise<BulkRequestDiff> {
    return this.room.enter(() => this.compare(command));
  }

  private async compare({
    organizationId,
    bulkId,
    previousId,
    tolerancePercent,
    showIbans,
  }: DiffCommand): Promise<BulkRequestDiff> {
    const on = this.database.of(organizationId);
    const current = await this.repository.find(on, organizationId, bulkId);
    if (!current) throw notFound('bulk request');
    const previous =
      previousId === null
        ? await this.repository.findPrevious(on, current)
        : await this.repository.find(on, organizationId, previousId);
    if (previousId !== null && !previous) throw notFound('bulk request to compare with');
    if (previous && previous.currency !== current.currency) throw differentCurrencies();
    const [before, now] = [
      previous ? await this.linesOf(organizationId, previous.id) : [],
      await this.linesOf(organizationId, bulkId),
    ];
    const diff = diffPayrolls(before, now, tolerancePercent);
    const rows = new Map([...before, ...now].map((line) => [line.transferId, line.row]));
    const listed = listedIn(diff).flatMap(({ transferId }) => rows.get(transferId) ?? []);
    const ibans = this.transfers.shownIbans(organizationId, listed, showIbans);
    return { current, previous, diff, ibans: new Map(listed.map((row, index) => [row.id, ibans[index] ?? ''])) };
  }

  private async linesOf(organizationId: string, bulkId: string) {
    const rows = await this.transfers.listCompared(organizationId, bulkId);
    return rows.map((row) => {
      const { id: transferId, line, counterpartyIndex, counterpartyName, amountMinor } = row;
      const compared: ComparedLine = {
        transferId,
        line,
        counterpartyIndex: counterpartyIndex ?? 0n,
        counterpartyName,
        amountMinor,
      };
      return Object.assign(compared, { row });
    });
  }
}

function listedIn({ added, missing, changedIbans, changedAmounts }: PayrollDiff): ComparedCounterparty[] {
  const pairs = [...changedIbans.slice(0, MAX_LISTED), ...changedAmounts.slice(0, MAX_LISTED)];
  return [
    ...added.slice(0, MAX_LISTED),
    ...missing.slice(0, MAX_LISTED),
    ...pairs.flatMap(({ previous, current }) => [previous, current]),
  ];
}
