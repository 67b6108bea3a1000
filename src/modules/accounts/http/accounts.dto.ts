import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, Length, Matches, MaxLength } from 'class-validator';
import { BIC_PATTERN } from '../../../domain/bic.js';
import { formatAmount } from '../../../domain/money.js';
import { NAME_PATTERN } from '../../../domain/text.js';
import { type Account, type AccountStatus, availableMinor, OWN_IBAN_PATTERN } from '../domain/account.js';
import { accountStates } from '../domain/account.state.js';

export class OpenAccountDto {
  /**
   * The account holder's name, as a bank would show it.
   * @example "ACME Corp payroll"
   */
  @ApiProperty({ pattern: NAME_PATTERN })
  @Matches(new RegExp(NAME_PATTERN, 'u'))
  @Length(1, 140)
  name: string;

  /**
   * ISO 4217. An account holds one currency for life.
   * @example EUR
   */
  @ApiProperty({ pattern: '^[A-Z]{3}$' })
  @Matches(/^[A-Z]{3}$/)
  currency: string;

  /**
   * 15 to 34 letters and digits, unique in the organization. Spaces and lower case are normalized; check digits are not asked
   * for, because only a verified IBAN is used beyond the organization.
   * @example "FR76 3000 6000 0112 3456 7890 189"
   */
  @ApiProperty({ type: String, nullable: true, required: false, pattern: OWN_IBAN_PATTERN })
  @IsOptional()
  @Matches(new RegExp(OWN_IBAN_PATTERN))
  @MaxLength(42)
  iban?: string | null;

  /**
   * Of the bank that keeps the account (ISO 9362).
   * @example AGRIFRPPXXX
   */
  @ApiProperty({ type: String, nullable: true, required: false, pattern: BIC_PATTERN })
  @IsOptional()
  @Matches(new RegExp(BIC_PATTERN))
  bic?: string | null;
}

export class ChangeAccountStatusDto {
  /**
   * `frozen`: no new payment leaves it, what is under way still ends. `closed`: for good, and only without money and reservations.
   * @example frozen
   */
  @ApiProperty({ enum: accountStates.states })
  @IsIn(accountStates.states)
  status: AccountStatus;
}

/** Decimal strings with all decimals of the currency. */
export class BalanceDto {
  /**
   * What the ledger says.
   * @example "1500.00"
   */
  posted: string;

  /**
   * Kept back for payments that are under way.
   * @example "250.00"
   */
  reserved: string;

  /**
   * Posted less reserved.
   * @example "1250.00"
   */
  available: string;
}

export class AccountDto {
  /**
   * What other calls name it by.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * The account holder's name.
   * @example "ACME Corp payroll"
   */
  name: string;

  /**
   * In electronic form.
   * @example FR7630006000011234567890189
   */
  @ApiProperty({ type: String, nullable: true })
  iban: string | null;

  /**
   * Of the bank that keeps the account.
   * @example AGRIFRPPXXX
   */
  @ApiProperty({ type: String, nullable: true })
  bic: string | null;

  /**
   * ISO 4217.
   * @example EUR
   */
  currency: string;

  /**
   * `frozen`: no new payment leaves it. `closed`: for good.
   * @example active
   */
  @ApiProperty({ enum: accountStates.states })
  status: AccountStatus;

  /** As of now. */
  balance: BalanceDto;

  /** Whether the platform made sure that the IBAN is this account's. Only then do payments of other organizations reach it. */
  verified: boolean;

  /**
   * When it was opened.
   * @example "2026-11-21T09:30:00.000Z"
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export function accountDto(account: Account): AccountDto {
  const { id, name, iban, bic, currency, status, postedMinor, reservedMinor } = account;
  return {
    id,
    name,
    iban,
    bic,
    currency,
    status,
    balance: {
      posted: formatAmount(postedMinor, currency),
      reserved: formatAmount(reservedMinor, currency),
      available: formatAmount(availableMinor(account), currency),
    },
    verified: account.verifiedAt !== null,
    created_at: account.createdAt.toISOString(),
  };
}
