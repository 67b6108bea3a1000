import { DomainError } from '../../../domain/errors.js';
import type { DeliveryStatus } from './webhook-delivery.js';

export const tooManyEndpoints = (limit: number): DomainError =>
  new DomainError('rule', 'limit_exceeded', `An organization has at most ${limit} webhook endpoints.`);

export const endpointNotEnabled = (status: 'disabled'): DomainError =>
  new DomainError('conflict', 'invalid_state', `The webhook endpoint is ${status}.`, {
    members: { current_status: status },
  });

export const deliveryUnderWay = (status: DeliveryStatus): DomainError =>
  new DomainError('conflict', 'invalid_state', 'The delivery is being sent at this moment.', {
    members: { current_status: status },
  });
