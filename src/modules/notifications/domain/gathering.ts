import { isUuid } from '../../../domain/ids.js';
import { fieldOf, type ToldEvent } from './told-event.js';

/**
 * How long a notification about something that comes in numbers waits for the others: a bulk request may have as many failed lines as it
 * has lines, and is one mail.
 */
export const GATHER_MS = 60_000;

/**
 * What events of the same type have to have in common to be told of together: lines their bulk request, changes of a balance their
 * account, deliveries that failed their webhook endpoint. Null: each is told alone, and at once.
 */
export function gatherIdOf(event: ToldEvent): string | null {
  const id = commonIdOf(event);
  return id !== null && isUuid(id) ? id : null;
}

function commonIdOf(event: ToldEvent): string | null {
  if (event.type.startsWith('transfer.')) return fieldOf(event, 'bulk_request_id');
  if (event.type === 'bulk_request.progressed' || event.type === 'account.balance_changed') return event.subjectId;
  return event.type === 'webhook_delivery.failed' ? fieldOf(event, 'webhook_endpoint_id') : null;
}
