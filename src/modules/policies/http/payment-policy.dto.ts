import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsOptional, Matches, Max, Min, ValidateNested } from 'class-validator';
import { AMOUNT_PATTERN, formatAmount } from '../../../domain/money.js';
import {
  DEFAULT_EXPIRY_HOURS,
  DUPLICATE_POLICIES,
  type DuplicatePolicy,
  MAX_APPROVERS,
  MAX_EXPIRY_HOURS,
  type PaymentPolicy,
} from '../domain/payment-policy.js';
import type { SetPolicy } from '../policies.service.js';

const CURRENCY_PATTERN = '^[A-Z]{3}$';
const MAX_INT = 2_147_483_647;
const MAX_CURRENCIES = 50;

export class AmountThresholdDto {
  /**
   * ISO 4217.
   * @example EUR
   */
  @ApiProperty({ pattern: CURRENCY_PATTERN })
  @Matches(new RegExp(CURRENCY_PATTERN))
  currency: string;

  /**
   * A total of more than this needs approval. Zero: every one does.
   * @example "10000.00"
   */
  @ApiProperty({ pattern: AMOUNT_PATTERN })
  @Matches(new RegExp(AMOUNT_PATTERN))
  amount: string;
}

/** When a bulk request waits for other people. Each threshold by itself is enough. */
export class ApprovalPolicyDto {
  /** One for each currency at most; a currency without one has no threshold. */
  @ApiProperty({ type: [AmountThresholdDto], maxItems: MAX_CURRENCIES })
  @IsArray()
  @ArrayMaxSize(MAX_CURRENCIES)
  @ValidateNested({ each: true })
  @Type(() => AmountThresholdDto)
  amount_over: AmountThresholdDto[];

  /**
   * More lines than this need approval; null: any number may pass.
   * @example 100
   */
  @ApiProperty({ type: 'integer', nullable: true, minimum: 0, maximum: MAX_INT })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INT)
  transfer_count_over: number | null;

  /**
   * More counterparties than this that were never paid before need approval; null: any number may pass.
   * @example 0
   */
  @ApiProperty({ type: 'integer', nullable: true, minimum: 0, maximum: MAX_INT })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INT)
  new_counterparties_over: number | null;

  /**
   * How many have to approve, none of them the submitter.
   * @example 2
   */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_APPROVERS })
  @IsInt()
  @Min(1)
  @Max(MAX_APPROVERS)
  approvers: number;

  /**
   * What is not approved by then is rejected, and its money free again.
   * @example 72
   */
  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: MAX_EXPIRY_HOURS,
    required: false,
    default: DEFAULT_EXPIRY_HOURS,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_EXPIRY_HOURS)
  expires_after_hours?: number;
}

export class SetPaymentPolicyDto {
  /** Null: nothing needs approval because of a threshold. */
  @ApiProperty({ type: ApprovalPolicyDto, nullable: true })
  @ValidateNested()
  @Type(() => ApprovalPolicyDto)
  approval: ApprovalPolicyDto | null;

  /** What happens to a line that looks like one paid before. */
  @ApiProperty({ enum: DUPLICATE_POLICIES, example: 'warn' })
  @IsIn(DUPLICATE_POLICIES)
  duplicate_policy: DuplicatePolicy;

  /**
   * The version that was read and is replaced; 0 when nobody has set one.
   * @example 0
   */
  @ApiProperty({ type: 'integer', minimum: 0, maximum: MAX_INT })
  @IsInt()
  @Min(0)
  @Max(MAX_INT)
  version: number;
}

export class PaymentPolicyDto {
  @ApiProperty({ type: ApprovalPolicyDto, nullable: true })
  approval: Required<ApprovalPolicyDto> | null;
  @ApiProperty({ enum: DUPLICATE_POLICIES, example: 'warn' })
  duplicate_policy: DuplicatePolicy;
  /**
   * Counts up with every change; 0 when nobody has set one.
   * @example 1
   */
  version: number;
  /**
   * Null when nobody has set one.
   * @example "2026-11-21T09:00:00.000Z"
   */
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  updated_at: string | null;
}

export const SET_POLICY_EXAMPLES = {
  'two pairs of eyes': {
    summary: 'Two approvers from 10,000 euros, 100 lines or one new counterparty on',
    value: {
      approval: {
        amount_over: [{ currency: 'EUR', amount: '10000.00' }],
        transfer_count_over: 100,
        new_counterparties_over: 0,
        approvers: 2,
        expires_after_hours: 72,
      },
      duplicate_policy: 'warn',
      version: 0,
    },
  },
  none: { summary: 'No approval', value: { approval: null, duplicate_policy: 'warn', version: 1 } },
};

export const setPolicyOf = (organizationId: string, { approval, ...body }: SetPaymentPolicyDto): SetPolicy => ({
  organizationId,
  approval: approval && {
    amountOver: approval.amount_over,
    transferCountOver: approval.transfer_count_over,
    newCounterpartiesOver: approval.new_counterparties_over,
    approvers: approval.approvers,
    expiresAfterHours: approval.expires_after_hours ?? DEFAULT_EXPIRY_HOURS,
  },
  duplicatePolicy: body.duplicate_policy,
  version: body.version,
});

export function paymentPolicyDto({ approval, duplicatePolicy, version, updatedAt }: PaymentPolicy): PaymentPolicyDto {
  return {
    approval: approval && {
      amount_over: approval.amountOver.map(({ currency, amountMinor }) => ({
        currency,
        amount: formatAmount(amountMinor, currency),
      })),
      transfer_count_over: approval.transferCountOver,
      new_counterparties_over: approval.newCounterpartiesOver,
      approvers: approval.approvers,
      expires_after_hours: approval.expiresAfterHours,
    },
    duplicate_policy: duplicatePolicy,
    version,
    updated_at: updatedAt?.toISOString() ?? null,
  };
}
