import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsUUID,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { AMOUNT_PATTERN, formatAmount } from '../../../domain/money.js';
import { LIMIT_PERIODS, type LimitPeriod, type PaymentLimits } from '../domain/limit.js';

const CURRENCY_PATTERN = '^[A-Z]{3}$';
const MAX_INT = 2_147_483_647;
const MAX_LIMITS = 500;

/** How much may be accepted. One of the two maxima is needed. */
export class PaymentLimitDto {
  /**
   * Of one account; null: of all accounts of the organization in this currency together.
   * @example null
   */
  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  @IsOptional()
  @IsUUID()
  account_id: string | null;

  /**
   * ISO 4217.
   * @example EUR
   */
  @ApiProperty({ pattern: CURRENCY_PATTERN })
  @Matches(new RegExp(CURRENCY_PATTERN))
  currency: string;

  /** One bulk request, or all that are accepted on a calendar day in UTC. */
  @ApiProperty({ enum: LIMIT_PERIODS, example: 'day' })
  @IsIn(LIMIT_PERIODS)
  per: LimitPeriod;

  /**
   * Null: no limit.
   * @example "250000.00"
   */
  @ApiProperty({ type: 'string', pattern: AMOUNT_PATTERN, nullable: true })
  @IsOptional()
  @Matches(new RegExp(AMOUNT_PATTERN))
  max_amount: string | null;

  /**
   * Of transfers; null: no limit.
   * @example 5000
   */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MAX_INT, nullable: true })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INT)
  max_count: number | null;
}

export class SetLimitsDto {
  /** All limits of the organization: what is not in it, is no limit any more. */
  @ApiProperty({ type: [PaymentLimitDto], maxItems: MAX_LIMITS })
  @IsArray()
  @ArrayMaxSize(MAX_LIMITS)
  @ValidateNested({ each: true })
  @Type(() => PaymentLimitDto)
  limits: PaymentLimitDto[];

  /**
   * The version that was read and is replaced; 0 when nobody has set any.
   * @example 0
   */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MAX_INT })
  @IsInt()
  @Min(0)
  @Max(MAX_INT)
  version: number;
}

export class LimitsDto {
  @ApiProperty({ type: [PaymentLimitDto] })
  limits: PaymentLimitDto[];
  /**
   * Counts up with every change; 0 when nobody has set any.
   * @example 1
   */
  version: number;
  /**
   * Null when nobody has set any.
   * @example "2026-11-21T09:00:00.000Z"
   */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  updated_at: string | null;
}

export const SET_LIMITS_EXAMPLES = {
  day: {
    summary: 'A quarter of a million euros and 5,000 transfers a day, 50,000 euros a bulk request',
    value: {
      limits: [
        { account_id: null, currency: 'EUR', per: 'day', max_amount: '250000.00', max_count: 5000 },
        { account_id: null, currency: 'EUR', per: 'bulk', max_amount: '50000.00', max_count: null },
      ],
      version: 0,
    },
  },
};

export function limitsDto({ limits, version, updatedAt }: PaymentLimits): LimitsDto {
  return {
    limits: limits.map(({ accountId, currency, per, maxMinor, maxCount }) => ({
      account_id: accountId,
      currency,
      per,
      max_amount: maxMinor === null ? null : formatAmount(maxMinor, currency),
      max_count: maxCount,
    })),
    version,
    updated_at: updatedAt?.toISOString() ?? null,
  };
}
