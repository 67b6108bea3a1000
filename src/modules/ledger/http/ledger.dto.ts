import { ApiProperty } from '@nestjs/swagger';
import { IsISO8601, IsOptional } from 'class-validator';
import { formatAmount } from '../../../domain/money.js';
import { QuerySchema } from '../../../platform/http/index.js';
import { type AccountEntry, LEDGER_ENTRY_KINDS, type LedgerEntryKind } from '../domain/ledger-entry.js';
import type { BalanceAt } from '../ledger.queries.js';

@QuerySchema()
export class BalanceQuery {
  /**
   * An instant in the past; left out, now.
   * @example "2026-01-01T00:00:00.000Z"
   */
  @ApiProperty({ format: 'date-time', required: false })
  @IsOptional()
  @IsISO8601()
  at?: string;
}

/** Decimal strings with all decimals of the currency. */
export class BalanceAmountsDto {
  /**
   * What the ledger says.
   * @example "1500.00"
   */
  posted: string;

  /**
   * Kept back for payments that are under way; null for an instant in the past.
   * @example "250.00"
   */
  @ApiProperty({ type: String, nullable: true })
  reserved: string | null;

  /**
   * Posted less reserved; null for an instant in the past.
   * @example "1250.00"
   */
  @ApiProperty({ type: String, nullable: true })
  available: string | null;
}

export class AccountBalanceDto {
  /**
   * The account asked for.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  @ApiProperty({ format: 'uuid' })
  account_id: string;

  /**
   * ISO 4217.
   * @example EUR
   */
  currency: string;

  /**
   * The instant asked for, or now.
   * @example "2026-11-21T09:30:00.000Z"
   */
  @ApiProperty({ format: 'date-time' })
  at: string;

  /** As of that instant. */
  balance: BalanceAmountsDto;
}

export class AccountEntryDto {
  /**
   * The same, seen from both accounts.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * Why money moved.
   * @example settlement
   */
  @ApiProperty({ enum: LEDGER_ENTRY_KINDS })
  kind: LedgerEntryKind;

  /**
   * As this account sees it: a debit took money off it, a credit put money on it.
   * @example debit
   */
  @ApiProperty({ enum: ['debit', 'credit'] })
  direction: 'debit' | 'credit';

  /**
   * Always positive; `direction` says which way it went.
   * @example "100.00"
   */
  amount: string;

  /**
   * ISO 4217, the one of both accounts.
   * @example EUR
   */
  currency: string;

  /**
   * The account on the other side.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e
   */
  @ApiProperty({ format: 'uuid' })
  counter_account_id: string;

  /**
   * The transfer it books, if it books one.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6f
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  transfer_id: string | null;

  /**
   * What else it can be traced by, such as the id of a bank transaction.
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  reference: string | null;

  /**
   * When it was booked.
   * @example "2026-11-21T09:30:00.000Z"
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export function accountBalanceDto({
  accountId,
  currency,
  at,
  postedMinor,
  reservedMinor,
}: BalanceAt): AccountBalanceDto {
  const isKnown = reservedMinor !== null;
  return {
    account_id: accountId,
    currency,
    at: at.toISOString(),
    balance: {
      posted: formatAmount(postedMinor, currency),
      reserved: isKnown ? formatAmount(reservedMinor, currency) : null,
      available: isKnown ? formatAmount(postedMinor - reservedMinor, currency) : null,
    },
  };
}

export function accountEntryDto(entry: AccountEntry): AccountEntryDto {
  return {
    id: entry.id,
    kind: entry.kind,
    direction: entry.direction,
    amount: formatAmount(entry.amountMinor, entry.currency),
    currency: entry.currency,
    counter_account_id: entry.counterAccountId,
    transfer_id: entry.transferId,
    reference: entry.reference,
    created_at: entry.createdAt.toISOString(),
  };
}
