import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { QuerySchema } from '../../../platform/http/index.js';
import { formatAmount } from '../../../domain/money.js';
import { type BulkRequestDiff, MAX_LISTED } from '../application/diff-bulk-request.js';
import type { ComparedCounterparty, ComparedPair } from '../domain/payroll-diff.js';

@QuerySchema()
export class BulkRequestDiffQuery {
  /** Amounts that differ by no more than this share of the previous one, in percent, count as unchanged. */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: 1000, default: 0, required: false, example: 10 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1000)
  tolerance_percent?: number;

  /** The bulk request to compare with; without it the one before, from the same account and with the same `metadata.kind`. */
  @ApiProperty({ format: 'uuid', required: false })
  @IsOptional()
  @IsUUID()
  previous_id?: string;
}

export class ComparedBulkDto {
  @ApiProperty({ format: 'uuid', example: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d' })
  id: string;
  @ApiProperty({ example: '100.00' })
  total_amount: string;
  @ApiProperty({ example: 1 })
  transfer_count: number;
  @ApiProperty({ format: 'date-time', example: '2026-10-21T09:30:00.000Z' })
  created_at: string;
}

export class ComparedCounterpartyDto {
  /** The first of its lines. */
  @ApiProperty({ format: 'uuid', example: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e' })
  transfer_id: string;
  @ApiProperty({ example: 17 })
  line: number;
  @ApiProperty({ example: 'John Doe' })
  name: string;
  /** Masked, unless the key has `transfers:read-pii`. */
  @ApiProperty({ example: 'DE89••••3000' })
  iban: string;
  /** Of all its lines. */
  @ApiProperty({ example: '100.00' })
  amount: string;
}

export class ComparedPairDto {
  @ApiProperty({ type: ComparedCounterpartyDto })
  previous: ComparedCounterpartyDto;
  @ApiProperty({ type: ComparedCounterpartyDto })
  current: ComparedCounterpartyDto;
}

export class CounterpartyListDto {
  @ApiProperty({ example: 1 })
  count: number;
  /** The first hundred of them. */
  @ApiProperty({ type: [ComparedCounterpartyDto] })
  counterparties: ComparedCounterpartyDto[];
}

export class PairListDto {
  @ApiProperty({ example: 1 })
  count: number;
  /** The first hundred of them. */
  @ApiProperty({ type: [ComparedPairDto] })
  counterparties: ComparedPairDto[];
}

export class BulkRequestDiffDto {
  @ApiProperty({ type: ComparedBulkDto })
  current: ComparedBulkDto;
  /** Null when there is none to compare it with: everybody is new then. */
  @ApiProperty({ type: ComparedBulkDto, nullable: true })
  previous: ComparedBulkDto | null;
  @ApiProperty({ example: 'EUR' })
  currency: string;
  /** Counterparties that get the same as the last time, within the tolerance. */
  @ApiProperty({ example: 9997 })
  unchanged: number;
  /** Paid now, and not the last time. */
  @ApiProperty({ type: CounterpartyListDto })
  new_counterparties: CounterpartyListDto;
  /** Paid the last time, and not now. */
  @ApiProperty({ type: CounterpartyListDto })
  missing_counterparties: CounterpartyListDto;
  /** The name of somebody who was paid the last time, at another IBAN. Ask them, by a way they did not tell you with it. */
  @ApiProperty({ type: PairListDto })
  changed_ibans: PairListDto;
  /** The same IBAN, and another amount. */
  @ApiProperty({ type: PairListDto })
  changed_amounts: PairListDto;
}

export function bulkRequestDiffDto({ current, previous, diff, ibans }: BulkRequestDiff): BulkRequestDiffDto {
  const { currency } = current;
  const one = ({ transferId, line, name, amountMinor }: ComparedCounterparty): ComparedCounterpartyDto => ({
    transfer_id: transferId,
    line,
    name,
    iban: ibans.get(transferId) ?? '',
    amount: formatAmount(amountMinor, currency),
  });
  const list = (all: readonly ComparedCounterparty[]): CounterpartyListDto => ({
    count: all.length,
    counterparties: all.slice(0, MAX_LISTED).map(one),
  });
  const pairs = (all: readonly ComparedPair[]): PairListDto => ({
    count: all.length,
    counterparties: all
      .slice(0, MAX_LISTED)
      .map((pair) => ({ previous: one(pair.previous), current: one(pair.current) })),
  });
  const bulk = (row: BulkRequestDiff['current']): ComparedBulkDto => ({
    id: row.id,
    total_amount: formatAmount(row.totalMinor, currency),
    transfer_count: row.transferCount,
    created_at: row.createdAt.toISOString(),
  });
  return {
    current: bulk(current),
    previous: previous && bulk(previous),
    currency,
    unchanged: diff.unchanged,
    new_counterparties: list(diff.added),
    missing_counterparties: list(diff.missing),
    changed_ibans: pairs(diff.changedIbans),
    changed_amounts: pairs(diff.changedAmounts),
  };
}
