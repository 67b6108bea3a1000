import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional } from 'class-validator';
import { formatAmount } from '../../../domain/money.js';
import { CreatedRangeQuery, QuerySchema } from '../../../platform/http/index.js';
import { type BulkRequest, openMinor } from '../domain/bulk-request.js';
import { BULK_REQUEST_STATUSES, type BulkRequestStatus } from '../domain/bulk-request.state.js';
import { progressOf } from '../domain/progress.js';

const EXAMPLE_ID = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e';
const PATH = '/api/v1/bulk-requests';

@QuerySchema()
export class SubmitQuery {
  /**
   * Only validate: the same checks and the same answer with status `valid`, nothing stored, keys ignored.
   * @example false
   */
  @IsOptional()
  @IsBoolean()
  dry_run?: boolean;
}

@QuerySchema()
export class BulkRequestsQuery extends CreatedRangeQuery {
  /** Only bulk requests in this state. */
  @ApiProperty({ enum: BULK_REQUEST_STATUSES, required: false })
  @IsOptional()
  @IsIn(BULK_REQUEST_STATUSES)
  status?: BulkRequestStatus;
}

/** Lines by state; together they are `transfer_count`. */
export class CountsDto {
  /** @example 1 */
  pending: number;
  /** @example 0 */
  submitting: number;
  /** @example 0 */
  submitted: number;
  /** @example 0 */
  in_doubt: number;
  /** @example 0 */
  manual_review: number;
  /** @example 0 */
  settled: number;
  /** @example 0 */
  failed: number;
  /** @example 0 */
  cancelled: number;
  /** @example 0 */
  returned: number;
}

/** Money by what became of it; together they are `total_amount`. */
export class AmountsDto {
  /** @example "0.00" */
  settled: string;
  /** @example "0.00" */
  failed: string;
  /** @example "0.00" */
  cancelled: string;
  /** @example "0.00" */
  returned: string;
  /** @example "100.00" */
  open: string;
}

export class LineErrorDto {
  /** @example "/credit_transfers/17/counterparty_iban" */
  pointer: string;
  /** @example "iban_checksum" */
  code: string;
  /** @example "The check digits of the IBAN do not match." */
  detail: string;
}

export class RejectedLineDto {
  /**
   * Position in the request, counted from 0 as in the pointers.
   * @example 17
   */
  line: number;
  @ApiProperty({ type: [LineErrorDto] })
  errors: LineErrorDto[];
}

export class BulkRequestLinksDto {
  /** @example "/api/v1/bulk-requests/0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e" */
  self: string;
  status: string;
  transfers: string;
  /** Whether it needs approval, and who has given it. */
  approval: string;
}

/** The bulk request that another one was made out of. */
export class BulkRequestOriginDto {
  /**
   * `retry`: its failed lines are paid again. `reversal`: its settled lines are taken back.
   * @example "retry"
   */
  @ApiProperty({ enum: ['retry', 'reversal'] })
  kind: string;
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  bulk_request_id: string;
}

export class BulkRequestDto {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  id: string;
  /** Your own id of the request; null when none was sent. */
  @ApiProperty({ type: 'string', format: 'uuid', nullable: true, example: '123e4567-e89b-12d3-a456-426614174000' })
  request_id: string | null;
  /** `valid` is the answer to a dry run. */
  @ApiProperty({ enum: [...BULK_REQUEST_STATUSES, 'valid'], example: 'processing' })
  status: string;
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  debtor_account_id: string;
  /** @example "EUR" */
  currency: string;
  /** @example "100.00" */
  total_amount: string;
  /** @example 1 */
  transfer_count: number;
  counts: CountsDto;
  amounts: AmountsDto;
  /** Lines not accepted under `validation: partial`. */
  rejected_count: number;
  /** The first hundred of them. */
  @ApiProperty({ type: [RejectedLineDto], example: [] })
  rejected_lines: RejectedLineDto[];
  @ApiProperty({ type: [String], example: [] })
  warnings: string[];
  @ApiProperty({ enum: ['continue', 'stop', 'reverse'], example: 'continue' })
  on_failure: string;
  @ApiProperty({ enum: ['all_or_nothing', 'partial'], example: 'all_or_nothing' })
  validation: string;
  @ApiProperty({ enum: ['normal', 'urgent'], example: 'normal' })
  priority: string;
  /** @example "sandbox" */
  rail: string;
  @ApiProperty({ type: 'string', format: 'date', nullable: true, example: null })
  requested_execution_date: string | null;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: {} })
  metadata: Record<string, string>;
  /** What it was made out of; null when it was submitted. */
  @ApiProperty({ type: BulkRequestOriginDto, nullable: true, example: null })
  origin: BulkRequestOriginDto | null;
  /** @example "2026-11-21T09:00:00.000Z" */
  created_at: string;
  @ApiProperty({ type: 'string', nullable: true, example: null })
  completed_at: string | null;
  links: BulkRequestLinksDto;
}

export class BulkRequestStatusDto {
  @ApiProperty({ format: 'uuid', example: EXAMPLE_ID })
  id: string;
  @ApiProperty({ enum: BULK_REQUEST_STATUSES, example: 'processing' })
  status: string;
  /** @example 1000 */
  transfer_count: number;
  counts: CountsDto;
  /**
   * Share of lines that have ended, 0 to 100. 100 only when nothing is open.
   * @example 42.5
   */
  percent: number;
  /**
   * Seconds left at the pace so far; null before the first line has ended.
   * @example 3
   */
  @ApiProperty({ type: 'integer', nullable: true })
  eta_seconds: number | null;
}

export class CompletionStepDto {
  /** The bulk request that was looked at; null when none was waiting. */
  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  bulk_request_id: string | null;
  /** The state it ended in; null when it stays open. */
  @ApiProperty({ type: 'string', nullable: true, example: 'completed' })
  status: string | null;
}

export const bulkRequestPath = (id: string): string => `${PATH}/${id}`;

export function bulkRequestDto(bulk: BulkRequest): BulkRequestDto {
  const amount = (minor: bigint): string => formatAmount(minor, bulk.currency);
  const self = bulkRequestPath(bulk.id);
  return {
    id: bulk.id,
    request_id: bulk.requestId,
    status: bulk.status,
    debtor_account_id: bulk.debtorAccountId,
    currency: bulk.currency,
    total_amount: amount(bulk.totalMinor),
    transfer_count: bulk.transferCount,
    counts: countsDto(bulk),
    amounts: {
      settled: amount(bulk.settledMinor),
      failed: amount(bulk.failedMinor),
      cancelled: amount(bulk.cancelledMinor),
      returned: amount(bulk.returnedMinor),
      open: amount(openMinor(bulk)),
    },
    rejected_count: bulk.rejectedCount,
    rejected_lines: bulk.rejectedLines.map(({ line, errors }) => ({ line, errors: [...errors] })),
    warnings: [...bulk.warnings],
    on_failure: bulk.onFailure,
    validation: bulk.validation,
    priority: bulk.priority,
    rail: bulk.rail,
    requested_execution_date: bulk.requestedExecutionDate,
    metadata: { ...bulk.metadata },
    origin: originDto(bulk),
    created_at: bulk.createdAt.toISOString(),
    completed_at: bulk.completedAt?.toISOString() ?? null,
    links: { self, status: `${self}/status`, transfers: `${self}/transfers`, approval: `${self}/approval` },
  };
}

export function bulkRequestStatusDto(bulk: BulkRequest, now: Date): BulkRequestStatusDto {
  const progress = progressOf(bulk.counts, bulk.transferCount, now.getTime() - bulk.createdAt.getTime());
  return {
    id: bulk.id,
    status: bulk.status,
    transfer_count: bulk.transferCount,
    counts: countsDto(bulk),
    percent: progress.percent,
    eta_seconds: progress.etaSeconds,
  };
}

function originDto({ origin, originId }: BulkRequest): BulkRequestOriginDto | null {
  return origin === null || originId === null ? null : { kind: origin, bulk_request_id: originId };
}

function countsDto({ counts }: BulkRequest): CountsDto {
  const { inDoubt, manualReview, ...same } = counts;
  return { ...same, in_doubt: inDoubt, manual_review: manualReview };
}
