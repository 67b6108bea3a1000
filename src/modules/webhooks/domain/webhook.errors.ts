import { DomainError, fieldErrors } from '../../../domain/errors.js';
import type { DeliveryStatus } from './webhook-delivery.js';

export const tooManyEndpoints = (limit: number): DomainError =>
  new DomainError('rule', 'limit_exceeded', `An organization has at most ${limit} webhook endpoints.`);

export const endpointNotEnabled = (status: 'disabled'): DomainError =>
  new DomainError('conflict', 'invalid_state', `The webhook endpoint is ${status}.`, {
    members: { current_status: status },
  });

/** What is said about a callback URL, which has it from us. @param members as the API calls them */
export const notOfCallbacks = (members: readonly string[]): DomainError =>
  fieldErrors(
    'rule',
    members.map((member) => ({
      pointer: `/${member}`,
      code: 'not_for_this_kind',
      detail: 'What the callback URL of a bulk request is told of is always the same.',
    })),
  );

export const testedTooOften = (retryAfterSeconds: number): DomainError =>
  new DomainError('rate_limited', 'rate_limited', 'The endpoint was tested a moment ago.', { retryAfterSeconds });

export const deliveryUnderWay = (status: DeliveryStatus): DomainError =>
  new DomainError('conflict', 'invalid_state', 'The delivery is being sent at this moment.', {
    members: { current_status: status },
  });
