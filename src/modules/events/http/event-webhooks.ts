import type { Type } from '@nestjs/common';
import type { WebhookDescription } from '../../../platform/http/index.js';
import { eventId } from '../domain/event.js';
import type { EventData } from '../domain/event-data.js';
import { EVENT_TYPES, type EventType } from '../domain/event-type.js';
import * as dto from './event-data.dto.js';
import { EventDto } from './events.dto.js';

const ORGANIZATION = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c60';
const ACCOUNT = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c62';
const BULK = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';
const KEY = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c61';
const ENDPOINT = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c64';

interface Documented<Data extends object> {
  readonly data: Type<Data>;
  readonly example: Data;
}

const changed = (from: string, to: string): Documented<dto.BulkRequestChangedDataDto> => ({
  data: dto.BulkRequestChangedDataDto,
  example: { bulk_request_id: BULK, previous_status: from, status: to },
});

const ended = (
  from: string,
  to: string,
  counts: Partial<dto.EndedCountsDto>,
): Documented<dto.BulkRequestEndedDataDto> => ({
  data: dto.BulkRequestEndedDataDto,
  example: {
    ...{ bulk_request_id: BULK, previous_status: from, status: to },
    counts: { settled: 0, failed: 0, cancelled: 0, returned: 0, ...counts },
  },
});

const transfer = (status: string, reasonCode: string | null = null): Documented<dto.TransferDataDto> => ({
  data: dto.TransferDataDto,
  example: {
    transfer_id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c63',
    bulk_request_id: BULK,
    line: 17,
    client_transfer_id: 'emp-17',
    status,
    reason_code: reasonCode,
    amount: '50.00',
    currency: 'EUR',
  },
});

const account = { account_id: ACCOUNT, currency: 'EUR' };

/** What the `data` of each type is. */
const DATA: { readonly [T in EventType]: Documented<EventData<T>> } = {
  'bulk_request.accepted': {
    data: dto.BulkRequestAcceptedDataDto,
    example: {
      ...{ bulk_request_id: BULK, status: 'processing', debtor_account_id: ACCOUNT, currency: 'EUR' },
      ...{ total_amount: '1250.00', transfer_count: 25, rejected_count: 0, origin: null, origin_id: null },
    },
  },
  'bulk_request.processing': changed('awaiting_approval', 'processing'),
  'bulk_request.paused': changed('processing', 'paused'),
  'bulk_request.cancelling': changed('processing', 'cancelling'),
  'bulk_request.reversing': changed('processing', 'reversing'),
  'bulk_request.progressed': {
    data: dto.BulkRequestProgressedDataDto,
    example: { bulk_request_id: BULK, percent: 40, ended_count: 10, transfer_count: 25 },
  },
  'bulk_request.completed': ended('processing', 'completed', { settled: 25 }),
  'bulk_request.partially_completed': ended('processing', 'partially_completed', { settled: 24, failed: 1 }),
  'bulk_request.failed': ended('processing', 'failed', { failed: 25 }),
  'bulk_request.cancelled': ended('cancelling', 'cancelled', { cancelled: 25 }),
  'bulk_request.reversed': ended('reversing', 'reversed', { settled: 24, failed: 1 }),
  'bulk_request.rejected': ended('awaiting_approval', 'rejected', { cancelled: 25 }),
  'transfer.pending': transfer('pending', 'not_accepted'),
  'transfer.submitted': transfer('submitted'),
  'transfer.settled': transfer('settled'),
  'transfer.failed': transfer('failed', 'AC04'),
  'transfer.in_doubt': transfer('in_doubt', 'timeout'),
  'transfer.manual_review': transfer('manual_review'),
  'transfer.cancelled': transfer('cancelled', 'stopped'),
  'transfer.returned': transfer('returned', 'AC04'),
  'account.opened': { data: dto.AccountDataDto, example: { ...account, status: 'active' } },
  'account.status_changed': {
    data: dto.AccountStatusChangedDataDto,
    example: { ...account, status: 'frozen', previous_status: 'active' },
  },
  'account.verified': { data: dto.AccountDataDto, example: { ...account, status: 'active' } },
  'account.balance_changed': {
    data: dto.AccountBalanceChangedDataDto,
    example: { ...account, posted: '8750.00', reserved: '1250.00', available: '7500.00' },
  },
  'api_key.created': { data: dto.ApiKeyDataDto, example: { api_key_id: KEY } },
  'api_key.rotated': {
    data: dto.ApiKeyRotatedDataDto,
    example: { api_key_id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c66', replaced_api_key_id: KEY },
  },
  'api_key.revoked': { data: dto.ApiKeyDataDto, example: { api_key_id: KEY } },
  'webhook_endpoint.disabled': {
    data: dto.WebhookEndpointDisabledDataDto,
    example: { webhook_endpoint_id: ENDPOINT, reason: 'gone' },
  },
  'webhook_delivery.failed': {
    data: dto.WebhookDeliveryFailedDataDto,
    example: {
      ...{ webhook_delivery_id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c65', webhook_endpoint_id: ENDPOINT },
      ...{ event_id: eventId(ORGANIZATION, 41), event_type: 'transfer.settled' },
    },
  },
};

const exampleOf = (type: EventType): EventDto => ({
  id: eventId(ORGANIZATION, 42),
  type,
  sequence: 42,
  occurred_at: '2026-11-21T09:30:00.000Z',
  organization_id: ORGANIZATION,
  data: DATA[type].example,
});

/** Every type of event as receivers get it. */
export const EVENT_WEBHOOKS: readonly WebhookDescription[] = (Object.keys(EVENT_TYPES) as EventType[]).map((type) => ({
  name: type,
  tag: 'Events',
  meaning: EVENT_TYPES[type],
  body: EventDto,
  data: DATA[type].data,
  example: exampleOf(type),
}));
