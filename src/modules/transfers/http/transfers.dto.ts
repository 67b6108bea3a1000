import { IsIn, IsOptional, IsString, IsUUID, Length } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { CreatedRangeQuery, PageQuery, QuerySchema } from '../../../platform/http/index.js';
import { TRANSFER_STATUSES, type TransferStatus } from '../domain/transfer.state.js';
import type { TransferDetailView, TransferView } from '../transfers.queries.js';

@QuerySchema()
export class BulkTransfersQuery extends PageQuery {
  /** Only transfers in this state. */
  @ApiProperty({ enum: TRANSFER_STATUSES, required: false })
  @IsOptional()
  @IsIn(TRANSFER_STATUSES)
  status?: TransferStatus;
}

@QuerySchema()
export class TransfersQuery extends CreatedRangeQuery {
  /** Only transfers in this state. */
  @ApiProperty({ enum: TRANSFER_STATUSES, required: false })
  @IsOptional()
  @IsIn(TRANSFER_STATUSES)
  status?: TransferStatus;

  /** Only transfers of this bulk request. */
  @IsOptional()
  @IsUUID()
  bulk_request_id?: string;

  /**
   * Only transfers to this IBAN; spaces and lower case are accepted.
   * @example "DE89370400440532013000"
   */
  @IsOptional()
  @IsString()
  @Length(1, 42)
  counterparty_iban?: string;
}

export class CounterpartyDto {
  /**
   * Creditor name (ISO 20022 Cdtr/Nm).
   * @example "John Doe"
   */
  name: string;
  /**
   * Masked unless the key has `transfers:read-pii`.
   * @example "DE89••••3000"
   */
  iban: string;
  /** @example "DEUTDEFFXXX" */
  bic: string | null;
}

export class TransferFailureDto {
  /**
   * The rail's reason (ISO 20022 external status reason), or the engine's own.
   * @example "AC04"
   */
  code: string;
  detail: string | null;
}

export class TransferDto implements TransferView {
  /** @example "0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e" */
  id: string;
  bulk_request_id: string;
  /** Position in the request, counted from 0 as in the JSON pointers of errors. */
  line: number;
  client_transfer_id: string | null;
  /** @example "sandbox" */
  rail: string;
  /** Our end-to-end identification at the rail, the same for life (at most 35 characters). */
  rail_reference: string;
  @ApiProperty({ enum: TRANSFER_STATUSES, example: 'settled' })
  status: TransferStatus;
  /** @example "100.00" */
  amount: string;
  /** @example "EUR" */
  currency: string;
  counterparty: CounterpartyDto;
  /** Remittance information (ISO 20022 RmtInf/Ustrd). */
  description: string | null;
  /** ISO 20022 external purpose code. */
  purpose_code: string | null;
  /** Why it was not paid, or what is in doubt about it. */
  @ApiProperty({ type: TransferFailureDto, nullable: true })
  failure: TransferFailureDto | null;
  /** The failed transfer that this one pays again, or the settled one that it takes back; null otherwise. */
  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  origin_transfer_id: string | null;
  /** Submissions to the rail so far. */
  attempts_made: number;
  /** When a pending line goes out next. */
  next_attempt_at: string | null;
  created_at: string;
  settled_at: string | null;
}

export class AttemptDto {
  number: number;
  started_at: string | null;
  ended_at: string | null;
  /** The state the transfer was in afterwards; null while the attempt runs. */
  outcome: string | null;
  code: string | null;
  detail: string | null;
}

export class HistoryItemDto {
  at: string;
  status: string;
  /** What moved it: acceptance, submission, inquiry, lost_lease, stop, evidence or operator. */
  source: string;
  code: string | null;
  detail: string | null;
}

export class TransferDetailDto extends TransferDto implements TransferDetailView {
  /** Every submission to the rail. */
  @ApiProperty({ type: [AttemptDto] })
  attempts: AttemptDto[];
  /** Every state it was in, oldest first. */
  @ApiProperty({ type: [HistoryItemDto] })
  history: HistoryItemDto[];
}

export class ChunkReportDto {
  chunk_id: string;
  bulk_request_id: string | null;
  @ApiProperty({ enum: ['recorded', 'too_late', 'nothing_to_do', 'not_allowed', 'rail_paused', 'cancelled'] })
  ended: string;
  /** What was done: submit, inquire or confirm. */
  purpose: string | null;
  rail: string | null;
  /** Lines of the chunk. */
  lines: number;
  /** How many lines ended in which state. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, example: { settled: 98, failed: 2 } })
  moved_to: Record<string, number>;
}

export class StepDto {
  /** The chunk that was executed; null when nothing was due. */
  @ApiProperty({ type: ChunkReportDto, nullable: true })
  chunk: ChunkReportDto | null;
}
