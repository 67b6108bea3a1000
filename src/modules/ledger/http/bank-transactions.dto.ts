import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsUUID, Length, Matches } from 'class-validator';
import { AMOUNT_PATTERN, formatAmount } from '../../../domain/money.js';
import { TEXT_PATTERN } from '../../../domain/text.js';
import type { AmountInput } from '../domain/amount-input.js';
import type { BankTransaction, Direction } from '../domain/bank-transaction.js';

const DIRECTIONS: Direction[] = ['credit', 'debit'];

export class RequestBankTransactionDto {
  /**
   * The account money is put on or taken off.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  dst_account_id: string;

  /**
   * In the account's currency, with no more decimals than it has: a decimal string, or a JSON number.
   * @example "1000.00"
   */
  @ApiProperty({ allOf: [{ type: ['string', 'number'], pattern: AMOUNT_PATTERN }] })
  amount: AmountInput;

  /**
   * `credit` puts money on the account, `debit` takes money off it.
   * @example credit
   */
  @ApiProperty({ enum: DIRECTIONS })
  @IsIn(DIRECTIONS)
  direction: Direction;

  /**
   * Why, for whoever reads it later. May be empty.
   * @example "Initial funding"
   */
  @ApiProperty({ pattern: TEXT_PATTERN })
  @Matches(new RegExp(TEXT_PATTERN, 'u'))
  @Length(0, 140)
  reason: string;
}

export class BankTransactionDto {
  /**
   * What it is read by, and the `reference` of its ledger entry.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e
   */
  @ApiProperty({ format: 'uuid' })
  transaction_id: string;

  /**
   * When it was booked, or refused.
   * @example "2026-11-21T09:30:00.000Z"
   */
  @ApiProperty({ format: 'date-time' })
  transaction_timestamp: string;

  /**
   * The account money was put on or taken off.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  @ApiProperty({ format: 'uuid' })
  dst_account_id: string;

  /**
   * With all decimals of the currency.
   * @example "1000.00"
   */
  amount: string;

  /**
   * ISO 4217, the account's.
   * @example EUR
   */
  currency: string;

  /**
   * `credit` put money on the account, `debit` took money off it.
   * @example credit
   */
  @ApiProperty({ enum: DIRECTIONS })
  direction: Direction;

  /**
   * `fail`: nothing moved, `failure_reason` says why.
   * @example success
   */
  @ApiProperty({ enum: ['success', 'fail'] satisfies BankTransaction['status'][] })
  status: BankTransaction['status'];

  /**
   * As it was given.
   * @example "Initial funding"
   */
  reason: string;

  /**
   * Only when it failed.
   * @example "Insufficient funds"
   */
  failure_reason?: string;
}

export function bankTransactionDto(transaction: BankTransaction): BankTransactionDto {
  return {
    transaction_id: transaction.id,
    transaction_timestamp: transaction.createdAt.toISOString(),
    dst_account_id: transaction.accountId,
    amount: formatAmount(transaction.amountMinor, transaction.currency),
    currency: transaction.currency,
    direction: transaction.direction,
    status: transaction.status,
    reason: transaction.reason,
    ...(transaction.failureReason !== null && { failure_reason: transaction.failureReason }),
  };
}
