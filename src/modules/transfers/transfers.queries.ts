import { Injectable } from '@nestjs/common';
import { notFound } from '../../domain/errors.js';
import { maskIban, normalizeIban } from '../../domain/iban.js';
import { railReference } from '../../domain/ids.js';
import { formatAmount } from '../../domain/money.js';
import { Database, type Queryable } from '../../platform/database/index.js';
import { type CreatedRange, decodeCursor, encodeCursor, type Page, pageOf } from '../../platform/http/index.js';
import { attemptsOf, historyOf } from './domain/transfer-history.js';
import type { TransferStatus } from './domain/transfer.state.js';
import { type CurrentTallies, TallyRepository } from './persistence/tally.repository.js';
import { Counterparties } from './application/counterparties.js';
import {
  type BulkLineRow,
  type SoughtCounterparty,
  TransferReadsRepository,
  type TransferRow,
} from './persistence/transfer-reads.repository.js';
import type { StoredIban } from './domain/stored-iban.js';
import type { NewTransfer } from './persistence/transfer.repository.js';
import {
  type ComparedPayments,
  type ComparedRow,
  PaidCounterpartyRepository,
} from './persistence/paid-counterparty.repository.js';

/** A transfer on the wire. */
export interface TransferView {
  id: string;
  bulk_request_id: string;
  line: number;
  client_transfer_id: string | null;
  rail: string;
  rail_reference: string;
  status: TransferStatus;
  amount: string;
  currency: string;
  counterparty: { name: string; iban: string; bic: string | null };
  description: string | null;
  purpose_code: string | null;
  failure: { code: string; detail: string | null } | null;
  origin_transfer_id: string | null;
  attempts_made: number;
  next_attempt_at: string | null;
  created_at: string;
  settled_at: string | null;
}

export interface TransferDetailView extends TransferView {
  attempts: {
    number: number;
    started_at: string | null;
    ended_at: string | null;
    outcome: string | null;
    code: string | null;
    detail: string | null;
  }[];
  history: { at: string; status: string; source: string; code: string | null; detail: string | null }[];
}

export interface TransferListFilter {
  readonly organizationId: string;
  readonly status?: TransferStatus | undefined;
  readonly bulkRequestId?: string | undefined;
  readonly counterpartyIban?: string | undefined;
  readonly created: CreatedRange;
}

export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** Without it IBANs are masked. */
  readonly showIbans: boolean;
}

/** A line of a bulk, as a proof tells it: with its IBAN in full. */
export interface BulkLine extends Omit<BulkLineRow, 'ibanSealed' | 'ibanPlain'> {
  readonly counterpartyIban: string;
}

const LINES_PER_PAGE = 500;
const FAILURE_STATUSES: readonly TransferStatus[] = ['failed', 'returned', 'manual_review', 'in_doubt'];

@Injectable()
export class TransfersQueries {
  constructor(
    private readonly database: Database,
    private readonly reads: TransferReadsRepository,
    private readonly paid: PaidCounterpartyRepository,
    private readonly tallies: TallyRepository,
    private readonly counterparties: Counterparties,
  ) {}

  get(organizationId: string, id: string, showIbans: boolean): Promise<TransferDetailView> {
    return this.getIn(this.database.of(organizationId), organizationId, id, showIbans);
  }

  /** The same as a transaction sees it. */
  async getIn(on: Queryable, organizationId: string, id: string, showIbans: boolean): Promise<TransferDetailView> {
    const row = await this.reads.find(on, organizationId, id);
    if (!row) throw notFound('transfer');
    const transitions = await this.reads.transitions(on, id);
    return {
      ...this.view(organizationId, row, showIbans),
      attempts: attemptsOf(row, transitions).map((attempt) => ({
        number: attempt.number,
        started_at: attempt.startedAt?.toISOString() ?? null,
        ended_at: attempt.endedAt?.toISOString() ?? null,
        outcome: attempt.outcome,
        code: attempt.code,
        detail: attempt.detail,
      })),
      history: historyOf(row, transitions).map((item) => ({ ...item, at: item.at.toISOString() })),
    };
  }

  /** The one transfer of a bulk of one line, inside the transaction that accepts it. */
  async getFirstOfBulk(
    on: Queryable,
    organizationId: string,
    bulkId: string,
    showIbans: boolean,
  ): Promise<TransferView> {
    const row = await this.reads.findFirstOfBulk(on, bulkId);
    if (!row) throw notFound('transfer');
    return this.view(organizationId, row, showIbans);
  }

  /** The lines of a bulk in order. */
  async listOfBulk(
    filter: { organizationId: string; bulkId: string; status?: TransferStatus | undefined },
    page: PageRequest,
  ): Promise<Page<TransferView>> {
    if (!(await this.reads.bulkExists(filter.organizationId, filter.bulkId))) throw notFound('bulk request');
    const [afterLine] = page.cursor === undefined ? [-1] : decodeCursor(page.cursor, ['integer']);
    const rows = await this.reads.listOfBulk(filter, afterLine, page.limit + 1);
    const result = pageOf(rows, page.limit, (row) => encodeCursor([row.line]));
    return { ...result, data: this.views(filter.organizationId, result.data, page.showIbans) };
  }

  /** Every line of a bulk in order, in pages, so that others get their turn between them. `on` is best a snapshot. */
  async *pagesOfBulk(on: Queryable, organizationId: string, bulkId: string): AsyncGenerator<readonly BulkLine[], void> {
    const lastLine = (await this.reads.findLastLineOfBulk(on, bulkId)) ?? -1;
    for (let line = 0; line <= lastLine; line += LINES_PER_PAGE) {
      const rows = await this.reads.listLinesOfBulk(on, bulkId, line, line + LINES_PER_PAGE);
      const ibans = this.counterparties.open(organizationId, rows);
      yield rows.map((row, index) => toBulkLine(row, ibans[index] ?? ''));
    }
  }

  /** How many of the lines' counterparties the organization has never paid. */
  countNewCounterparties(organizationId: string, lines: readonly NewTransfer[]): Promise<number> {
    const counterparties = new Map(lines.map((line) => [line.counterpartyIndex, line]));
    const indexes = [...counterparties.values()].map((line) => this.indexesOf(organizationId, line));
    return this.paid.countNew(this.database.of(organizationId), organizationId, indexes);
  }

  /** Which lines look like a payment that was made or is under way, and which payment. */
  findAlike(
    on: Queryable,
    payments: ComparedPayments,
    lines: readonly NewTransfer[],
  ): Promise<{ line: number; transferId: string }[]> {
    const { organizationId } = payments;
    const compared = lines.map((line) => ({
      line: line.line,
      indexes: this.indexesOf(organizationId, line),
      amountMinor: line.amountMinor,
      purposeCode: line.purposeCode,
    }));
    return this.paid.findAlike(on, payments, compared);
  }

  /** The lines of a bulk as they are compared with those of another: counterparties by what they are found by now. */
  async listCompared(organizationId: string, bulkId: string): Promise<ComparedRow[]> {
    const rows = await this.paid.listCompared(this.database.of(organizationId), bulkId);
    if (rows.every((row) => row.counterpartyIndex !== null) && !this.counterparties.isRotating) return rows;
    const ibans = this.counterparties.open(organizationId, rows);
    return rows.map((row, index) => ({
      ...row,
      counterpartyIndex: this.counterparties.indexOf(organizationId, ibans[index] ?? ''),
    }));
  }

  /** As answers show them: masked, unless the caller may see them. */
  shownIbans(organizationId: string, rows: readonly StoredIban[], showIbans: boolean): string[] {
    const ibans = this.counterparties.open(organizationId, rows);
    return showIbans ? ibans : ibans.map(maskIban);
  }

  private indexesOf(organizationId: string, { counterpartyIndex, counterpartyIban }: NewTransfer): bigint[] {
    return [counterpartyIndex, ...this.counterparties.formerIndexesOf(organizationId, counterpartyIban)];
  }

  /** The organization's transfers, newest first. */
  async list(filter: TransferListFilter, page: PageRequest): Promise<Page<TransferView>> {
    const [beforeId] = page.cursor === undefined ? [null] : decodeCursor(page.cursor, ['uuid']);
    const rows = await this.reads.list(
      {
        organizationId: filter.organizationId,
        bulkId: filter.bulkRequestId,
        status: filter.status,
        counterparty: this.sought(filter),
        created: filter.created,
      },
      beforeId,
      page.limit + 1,
    );
    const result = pageOf(rows, page.limit, (row) => encodeCursor([row.id]));
    return { ...result, data: this.views(filter.organizationId, result.data, page.showIbans) };
  }

  private sought({ organizationId, counterpartyIban }: TransferListFilter): SoughtCounterparty | undefined {
    if (counterpartyIban === undefined) return undefined;
    const iban = normalizeIban(counterpartyIban);
    return { iban, indexes: this.counterparties.indexesOf(organizationId, iban) };
  }

  private view(organizationId: string, row: TransferRow, showIbans: boolean): TransferView {
    const [iban = ''] = this.counterparties.open(organizationId, [row]);
    return toTransferView(row, showIbans ? iban : maskIban(iban));
  }

  private views(organizationId: string, rows: readonly TransferRow[], showIbans: boolean): TransferView[] {
    // A mask shows some of it, so it is opened either way.
    const ibans = this.counterparties.open(organizationId, rows);
    return rows.map((row, index) => {
      const iban = ibans[index] ?? '';
      return toTransferView(row, showIbans ? iban : maskIban(iban));
    });
  }

  /** What bulks' own rows do not count yet, by bulk id. */
  tallySums(on: Queryable, bulkIds: readonly string[]): Promise<Map<string, CurrentTallies>> {
    return this.tallies.sums(on, bulkIds);
  }
}

// Named one by one: spreading an object of that many fields costs 100 times as much (measured), for each line.
const toBulkLine = (row: BulkLineRow, counterpartyIban: string): BulkLine => ({
  id: row.id,
  line: row.line,
  railId: row.railId,
  amountMinor: row.amountMinor,
  currency: row.currency,
  counterpartyName: row.counterpartyName,
  counterpartyIban,
  counterpartyBic: row.counterpartyBic,
  description: row.description,
  purposeCode: row.purposeCode,
  clientTransferId: row.clientTransferId,
  rail: row.rail,
  creditorAccountId: row.creditorAccountId,
  status: row.status,
});

/** @param iban as it is shown */
function toTransferView(row: TransferRow, iban: string): TransferView {
  const failed = FAILURE_STATUSES.includes(row.status) && row.failureCode !== null;
  return {
    id: row.id,
    bulk_request_id: row.bulkId,
    line: row.line,
    client_transfer_id: row.clientTransferId,
    rail: row.rail,
    rail_reference: railReference(row.id),
    status: row.status,
    amount: formatAmount(row.amountMinor, row.currency),
    currency: row.currency,
    counterparty: {
      name: row.counterpartyName,
      iban,
      bic: row.counterpartyBic,
    },
    description: row.description,
    purpose_code: row.purposeCode,
    failure: failed ? { code: row.failureCode ?? '', detail: row.failureDetail } : null,
    origin_transfer_id: row.originTransferId,
    attempts_made: row.attempts,
    next_attempt_at: row.nextAttemptAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
    settled_at: row.settledAt?.toISOString() ?? null,
  };
}
