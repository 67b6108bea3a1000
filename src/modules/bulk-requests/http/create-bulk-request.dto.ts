import { ApiProperty, IntersectionType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { BIC_PATTERN } from '../../../domain/bic.js';
import { AMOUNT_PATTERN } from '../../../domain/money.js';
import { NAME_PATTERN, TEXT_PATTERN } from '../../../domain/text.js';
import { DUPLICATE_POLICIES, type DuplicatePolicy } from '../domain/duplicate.js';
import type { OnFailure, Priority, Validation } from '../domain/bulk-request.js';
import type { CreditTransferInput } from '../domain/credit-transfer.js';
import type { Submission } from '../domain/submission.js';

const CURRENCY_PATTERN = '^[A-Z]{3}$';
/** ISO 20022 ExternalPurpose1Code. */
const PURPOSE_PATTERN = '^[A-Z0-9]{1,4}$';
const DATE_PATTERN = '^[0-9]{4}-[0-9]{2}-[0-9]{2}$';
/** The highest MAX_TRANSFERS_PER_BULK; the document and the validator carry the configured one. */
const MOST_TRANSFERS = 100_000;

const text = (pattern: string): RegExp => new RegExp(pattern, 'u');

/** One credit transfer of a bulk request. */
export class CreditTransferDto implements CreditTransferInput {
  /**
   * Decimal string, no more decimals than the currency has, greater than zero (ISO 20022 InstdAmt).
   * @example "100.00"
   */
  @ApiProperty({ pattern: AMOUNT_PATTERN })
  @Matches(text(AMOUNT_PATTERN))
  amount: string;

  /**
   * ISO 4217. Defaults to the debtor account's, and must be it.
   * @example "EUR"
   */
  @ApiProperty({ pattern: CURRENCY_PATTERN, required: false })
  @IsOptional()
  @Matches(text(CURRENCY_PATTERN))
  currency?: string;

  /**
   * Who is paid (ISO 20022 Cdtr/Nm).
   * @example "John Doe"
   */
  @ApiProperty({ pattern: NAME_PATTERN })
  @Matches(text(NAME_PATTERN))
  @Length(1, 140)
  counterparty_name: string;

  /**
   * BIC of the counterparty's bank (ISO 20022 BICFIDec2014Identifier).
   * @example "DEUTDEFFXXX"
   */
  @ApiProperty({ pattern: BIC_PATTERN, required: false })
  @IsOptional()
  @Matches(text(BIC_PATTERN))
  counterparty_bic?: string;

  /**
   * IBAN of the counterparty; spaces and lower case are accepted.
   * @example "DE89370400440532013000"
   */
  @ApiProperty({ pattern: TEXT_PATTERN })
  @Matches(text(TEXT_PATTERN))
  @Length(1, 42)
  counterparty_iban: string;

  /**
   * Remittance information (ISO 20022 RmtInf/Ustrd).
   * @example "Salary payment for June 2024"
   */
  @ApiProperty({ pattern: TEXT_PATTERN, required: false })
  @IsOptional()
  @Matches(text(TEXT_PATTERN))
  @MaxLength(140)
  description?: string;

  /**
   * ISO 20022 external purpose code.
   * @example "SALA"
   */
  @ApiProperty({ pattern: PURPOSE_PATTERN, required: false })
  @IsOptional()
  @Matches(text(PURPOSE_PATTERN))
  purpose_code?: string;

  /**
   * Your own id of the line, unique in the bulk request.
   * @example "emp-00017"
   */
  @ApiProperty({ pattern: NAME_PATTERN, required: false })
  @IsOptional()
  @Matches(text(NAME_PATTERN))
  @Length(1, 35)
  client_transfer_id?: string;
}

/** Who pays: `organization_iban` and `organization_bic`, or `debtor_account_id`. */
export class DebtorDto {
  /**
   * The name of your organization, as a safeguard: another one is refused.
   * @example "ACME Corp"
   */
  @ApiProperty({ pattern: TEXT_PATTERN, required: false })
  @IsOptional()
  @Matches(text(TEXT_PATTERN))
  @Length(1, 140)
  organization_name?: string;

  /**
   * BIC of the debtor account.
   * @example "OIVUSCLQXXX"
   */
  @ApiProperty({ pattern: BIC_PATTERN, required: false })
  @IsOptional()
  @Matches(text(BIC_PATTERN))
  organization_bic?: string;

  /**
   * IBAN of the debtor account. It is looked up, not validated.
   * @example "FR10474608000002006107XXXXX"
   */
  @ApiProperty({ pattern: TEXT_PATTERN, required: false })
  @IsOptional()
  @Matches(text(TEXT_PATTERN))
  @Length(1, 42)
  organization_iban?: string;

  /** The debtor account by its id, instead of IBAN and BIC. */
  @ApiProperty({ format: 'uuid', required: false })
  @IsOptional()
  @IsUUID()
  debtor_account_id?: string;

  /**
   * `normal` takes turns with others; `urgent` goes first.
   * @example "normal"
   */
  @ApiProperty({ enum: ['normal', 'urgent'], default: 'normal', required: false })
  @IsOptional()
  @IsIn(['normal', 'urgent'])
  priority?: Priority;

  /**
   * What pays the lines; without it the default rail. Lines to accounts held here always settle on `book`. `http` is a bank's API,
   * where one is configured. `iso20022` is not supported yet.
   * @example "sandbox"
   */
  @ApiProperty({ enum: ['book', 'sandbox', 'http', 'iso20022'], required: false })
  @IsOptional()
  @IsIn(['book', 'sandbox', 'http', 'iso20022'])
  rail?: 'book' | 'sandbox' | 'http' | 'iso20022';

  /**
   * What to do about lines that look like payments of the last days: say so, wait for an approval, or refuse. The organization's own
   * policy holds where it is stricter.
   * @example "warn"
   */
  @ApiProperty({ enum: DUPLICATE_POLICIES, required: false })
  @IsOptional()
  @IsIn(DUPLICATE_POLICIES)
  duplicate_policy?: DuplicatePolicy;

  /**
   * Why lines that would be refused as duplicates are none: they are paid, and the reason goes into the audit log.
   * @example "Two shifts in one week"
   */
  @ApiProperty({ pattern: NAME_PATTERN, required: false })
  @IsOptional()
  @Matches(text(NAME_PATTERN))
  @Length(1, 140)
  duplicate_override_reason?: string;

  /**
   * Your own labels: up to 50 pairs, keys up to 40 characters, values up to 500.
   * @example { "department": "sales" }
   */
  @ApiProperty({
    type: 'object',
    maxProperties: 50,
    propertyNames: { maxLength: 40, pattern: TEXT_PATTERN },
    additionalProperties: { type: 'string', maxLength: 500, pattern: TEXT_PATTERN },
    required: false,
  } as never)
  @IsOptional()
  @IsObject()
  metadata?: Record<string, string>;
}

export class CreateBulkRequestDto extends DebtorDto implements Submission {
  /**
   * Your own id of the request (UUID): sent again it repeats the first answer, for ever.
   * @example "123e4567-e89b-12d3-a456-426614174000"
   */
  @ApiProperty({ format: 'uuid', required: false })
  @IsOptional()
  @IsUUID()
  request_id?: string;

  /**
   * At the first permanent failure: go on; or stop and cancel what was not sent; or, with `reverse`, stop and take back what was paid,
   * as transfers of a bulk request of its own. `reverse` needs a rail that can: `sandbox` or `book`.
   * @example "continue"
   */
  @ApiProperty({ enum: ['continue', 'stop', 'reverse'], default: 'continue', required: false })
  @IsOptional()
  @IsIn(['continue', 'stop', 'reverse'])
  on_failure?: OnFailure;

  /**
   * With `partial` the good lines are accepted and the bad ones listed.
   * @example "all_or_nothing"
   */
  @ApiProperty({ enum: ['all_or_nothing', 'partial'], default: 'all_or_nothing', required: false })
  @IsOptional()
  @IsIn(['all_or_nothing', 'partial'])
  validation?: Validation;

  /** Not supported yet. */
  @ApiProperty({ pattern: DATE_PATTERN, required: false })
  @IsOptional()
  @Matches(text(DATE_PATTERN))
  requested_execution_date?: string;

  /**
   * Told how it goes: the events of this bulk request and of lines that come back, signed with the organization's default secret.
   * @example "https://erp.example.com/hooks/payroll"
   */
  @ApiProperty({ required: false })
  @IsOptional()
  @IsString()
  @Length(1, 255)
  callback_url?: string;

  /** The lines, paid each on its own. */
  @ApiProperty({ type: [CreditTransferDto], minItems: 1, maxItems: MOST_TRANSFERS })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_TRANSFERS)
  @ValidateNested({ each: true })
  @Type(() => CreditTransferDto)
  credit_transfers: CreditTransferDto[];
}

/** One credit transfer with its debtor: a bulk request of one line. */
export class CreateTransferDto extends IntersectionType(DebtorDto, CreditTransferDto) {}

const DEBTOR_EXAMPLE = { organization_bic: 'OIVUSCLQXXX', organization_iban: 'FR10474608000002006107XXXXX' };
const LINE_EXAMPLE = {
  amount: '100.00',
  currency: 'EUR',
  counterparty_name: 'John Doe',
  counterparty_bic: 'DEUTDEFFXXX',
  counterparty_iban: 'DE89370400440532013000',
  description: 'Salary payment for June 2024',
};

/** What Swagger UI offers to send. Each is accepted from the demo organization as it is. */
export const BULK_REQUEST_EXAMPLES = {
  salary: {
    summary: 'One salary',
    value: {
      request_id: '123e4567-e89b-12d3-a456-426614174000',
      ...DEBTOR_EXAMPLE,
      credit_transfers: [LINE_EXAMPLE],
    },
  },
  sandbox: {
    summary: 'Three lines that the sandbox pays, rejects and takes at the third attempt',
    value: {
      request_id: '123e4567-e89b-12d3-a456-426614174001',
      ...DEBTOR_EXAMPLE,
      credit_transfers: ['Invoice 4711', 'sandbox:reject:AC04', 'sandbox:retry:2'].map((description) => ({
        ...LINE_EXAMPLE,
        description,
      })),
    },
  },
};

export const TRANSFER_EXAMPLES = {
  salary: { summary: 'One salary', value: { ...DEBTOR_EXAMPLE, ...LINE_EXAMPLE } },
};
