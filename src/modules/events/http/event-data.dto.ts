import { ApiProperty } from '@nestjs/swagger';
import type * as shapes from '../domain/event-data.js';

/*
 * What events carry, one class for each shape: the document has them, and the compiler holds them against what is written.
 */

const BULK = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';
const ACCOUNT = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c62';

abstract class BulkRequestDataDto {
  @ApiProperty({ format: 'uuid', example: BULK })
  bulk_request_id: string;
}

export class BulkRequestAcceptedDataDto extends BulkRequestDataDto implements shapes.BulkRequestAcceptedData {
  /** `awaiting_approval`: others have to approve it first. */
  @ApiProperty({ enum: ['processing', 'awaiting_approval'] })
  status: 'processing' | 'awaiting_approval';

  @ApiProperty({ format: 'uuid', example: ACCOUNT })
  debtor_account_id: string;

  /** @example EUR */
  currency: string;

  /** @example "1250.00" */
  total_amount: string;

  /** @example 25 */
  @ApiProperty({ type: 'integer' })
  transfer_count: number;

  /** Lines that were left out (`validation` is `partial`). */
  @ApiProperty({ type: 'integer', example: 0 })
  rejected_count: number;

  /** What it was made out of, if it was: `retry` or `reversal` of another one. */
  @ApiProperty({ type: 'string', nullable: true, example: null })
  origin: string | null;

  /** The bulk request it was made out of. */
  @ApiProperty({ type: 'string', nullable: true, format: 'uuid', example: null })
  origin_id: string | null;
}

export class BulkRequestChangedDataDto extends BulkRequestDataDto implements shapes.BulkRequestChangedData {
  /** @example processing */
  previous_status: string;

  /** @example paused */
  status: string;
}

export class BulkRequestProgressedDataDto extends BulkRequestDataDto implements shapes.BulkRequestProgressedData {
  /** 10, 20 and so on to 90: at most one event for each. */
  @ApiProperty({ type: 'integer', minimum: 10, maximum: 90, example: 40 })
  percent: number;

  /** Lines that have ended. */
  @ApiProperty({ type: 'integer', example: 10 })
  ended_count: number;

  @ApiProperty({ type: 'integer', example: 25 })
  transfer_count: number;
}

/** How many lines ended how. */
export class EndedCountsDto {
  @ApiProperty({ type: 'integer', example: 24 })
  settled: number;

  @ApiProperty({ type: 'integer', example: 1 })
  failed: number;

  @ApiProperty({ type: 'integer', example: 0 })
  cancelled: number;

  @ApiProperty({ type: 'integer', example: 0 })
  returned: number;
}

export class BulkRequestEndedDataDto extends BulkRequestDataDto implements shapes.BulkRequestEndedData {
  /** @example processing */
  previous_status: string;

  /** @example partially_completed */
  status: string;

  @ApiProperty({ type: EndedCountsDto })
  counts: EndedCountsDto;
}

export class TransferDataDto extends BulkRequestDataDto implements shapes.TransferData {
  @ApiProperty({ format: 'uuid', example: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c63' })
  transfer_id: string;

  /** Its position in the bulk request, from 0. */
  @ApiProperty({ type: 'integer', example: 17 })
  line: number;

  /** The caller's own id for it. */
  @ApiProperty({ type: 'string', nullable: true, example: 'emp-17' })
  client_transfer_id: string | null;

  /** What it has come to. @example failed */
  status: string;

  /** Why: an ISO 20022 reason, or the rail's own. */
  @ApiProperty({ type: 'string', nullable: true, example: 'AC04' })
  reason_code: string | null;

  /** @example "50.00" */
  amount: string;

  /** @example EUR */
  currency: string;
}

export class AccountDataDto implements shapes.AccountData {
  @ApiProperty({ format: 'uuid', example: ACCOUNT })
  account_id: string;

  /** @example EUR */
  currency: string;

  @ApiProperty({ enum: ['active', 'frozen', 'closed'] })
  status: string;
}

export class AccountStatusChangedDataDto extends AccountDataDto implements shapes.AccountStatusChangedData {
  @ApiProperty({ enum: ['active', 'frozen', 'closed'] })
  previous_status: string;
}

/** The balances as the transaction left them. */
export class AccountBalanceChangedDataDto implements shapes.AccountBalanceChangedData {
  @ApiProperty({ format: 'uuid', example: ACCOUNT })
  account_id: string;

  /** @example EUR */
  currency: string;

  /** @example "8750.00" */
  posted: string;

  /** @example "1250.00" */
  reserved: string;

  /** `posted` less `reserved`. @example "7500.00" */
  available: string;
}

export class ApiKeyDataDto implements shapes.ApiKeyData {
  @ApiProperty({ format: 'uuid', example: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c61' })
  api_key_id: string;
}

export class ApiKeyRotatedDataDto extends ApiKeyDataDto implements shapes.ApiKeyRotatedData {
  /** It holds until the end of the overlap. */
  @ApiProperty({ format: 'uuid', example: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c60' })
  replaced_api_key_id: string;
}

export class WebhookEndpointDisabledDataDto implements shapes.WebhookEndpointDisabledData {
  @ApiProperty({ format: 'uuid', example: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c64' })
  webhook_endpoint_id: string;

  /** `gone`: it answered 410. `failing`: it has taken no delivery for days. */
  @ApiProperty({ enum: ['gone', 'failing'] })
  reason: 'gone' | 'failing';
}

export class WebhookDeliveryFailedDataDto implements shapes.WebhookDeliveryFailedData {
  @ApiProperty({ format: 'uuid', example: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c65' })
  webhook_delivery_id: string;

  @ApiProperty({ format: 'uuid', example: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c64' })
  webhook_endpoint_id: string;

  /** What could not be told. @example evt_0198f2c17f3a7c318b0e1d2f3a4b5c60_41 */
  event_id: string;

  /** @example transfer.settled */
  event_type: string;
}
