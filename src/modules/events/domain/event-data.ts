import type { EventType, TransferEventType } from './event-type.js';

/*
 * What events carry. Ids, states, counts, and amounts as decimal strings in the currency's units; no name, no account number, no text
 * that somebody wrote: who may see those asks for them.
 */

export interface BulkRequestAcceptedData {
  readonly bulk_request_id: string;
  readonly status: 'processing' | 'awaiting_approval';
  readonly debtor_account_id: string;
  readonly currency: string;
  readonly total_amount: string;
  readonly transfer_count: number;
  readonly rejected_count: number;
  /** What it was made out of, if it was: `retry` or `reversal`, and the bulk request. */
  readonly origin: string | null;
  readonly origin_id: string | null;
}

export interface BulkRequestChangedData {
  readonly bulk_request_id: string;
  readonly previous_status: string;
  readonly status: string;
}

export interface BulkRequestProgressedData {
  readonly bulk_request_id: string;
  /** 10, 20, ... 90. */
  readonly percent: number;
  readonly ended_count: number;
  readonly transfer_count: number;
}

export interface BulkRequestEndedData extends BulkRequestChangedData {
  readonly counts: {
    readonly settled: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly returned: number;
  };
}

export interface TransferData {
  readonly transfer_id: string;
  readonly bulk_request_id: string;
  readonly line: number;
  readonly client_transfer_id: string | null;
  readonly status: string;
  /** ISO 20022 external status reason, or the rail's own. */
  readonly reason_code: string | null;
  readonly amount: string;
  readonly currency: string;
}

export interface AccountData {
  readonly account_id: string;
  readonly currency: string;
  readonly status: string;
}

export interface AccountStatusChangedData extends AccountData {
  readonly previous_status: string;
}

export interface AccountBalanceChangedData {
  readonly account_id: string;
  readonly currency: string;
  readonly posted: string;
  readonly reserved: string;
  readonly available: string;
}

export interface ApiKeyData {
  readonly api_key_id: string;
}

export interface ApiKeyRotatedData extends ApiKeyData {
  readonly replaced_api_key_id: string;
}

export interface WebhookEndpointDisabledData {
  readonly webhook_endpoint_id: string;
  /** `gone`: it answered 410. `failing`: it has answered no delivery for days. */
  readonly reason: 'gone' | 'failing';
}

export interface WebhookDeliveryFailedData {
  readonly webhook_delivery_id: string;
  readonly webhook_endpoint_id: string;
  /** Of what could not be told. */
  readonly event_id: string;
  readonly event_type: string;
}

interface Shapes {
  'bulk_request.accepted': BulkRequestAcceptedData;
  'bulk_request.processing': BulkRequestChangedData;
  'bulk_request.paused': BulkRequestChangedData;
  'bulk_request.cancelling': BulkRequestChangedData;
  'bulk_request.reversing': BulkRequestChangedData;
  'bulk_request.progressed': BulkRequestProgressedData;
  'bulk_request.completed': BulkRequestEndedData;
  'bulk_request.partially_completed': BulkRequestEndedData;
  'bulk_request.failed': BulkRequestEndedData;
  'bulk_request.cancelled': BulkRequestEndedData;
  'bulk_request.reversed': BulkRequestEndedData;
  'bulk_request.rejected': BulkRequestEndedData;
  'account.opened': AccountData;
  'account.status_changed': AccountStatusChangedData;
  'account.verified': AccountData;
  'account.balance_changed': AccountBalanceChangedData;
  'api_key.created': ApiKeyData;
  'api_key.rotated': ApiKeyRotatedData;
  'api_key.revoked': ApiKeyData;
  'webhook_endpoint.disabled': WebhookEndpointDisabledData;
  'webhook_delivery.failed': WebhookDeliveryFailedData;
}

export type EventData<Type extends EventType> = Type extends TransferEventType
  ? TransferData
  : Type extends keyof Shapes
    ? Shapes[Type]
    : never;
