import { fieldOf } from '../told-event.js';
import { compose, counted, type Template } from './template.js';

const REASONS: Readonly<Record<string, string>> = {
  gone: 'Its receiver answered that it is gone (410).',
  failing: 'Its receiver has taken no delivery for days.',
};

export const webhookEndpointTemplate: Template = (event) => {
  const id = fieldOf(event, 'webhook_endpoint_id') ?? event.subjectId;
  const reason = REASONS[fieldOf(event, 'reason') ?? ''] ?? '';
  return compose(
    {
      subject: `Webhook endpoint ${id} was switched off`,
      says: `${reason} Nothing is delivered to it until somebody enables it again; what it missed is in the event log.`.trim(),
      facts: [
        ['Webhook endpoint', id],
        ['Read it', `GET /api/v1/webhook-endpoints/${id}`],
        ['What it missed', 'GET /api/v1/events'],
      ],
    },
    event,
  );
};

export const webhookDeliveryTemplate: Template = (event, count) => {
  const endpointId = fieldOf(event, 'webhook_endpoint_id');
  const failed = counted(count, 'webhook delivery').replace('deliverys', 'deliveries');
  return compose(
    {
      subject: endpointId === null ? `${failed} failed` : `${failed} failed, endpoint ${endpointId}`,
      says: 'Given up after the last attempt. What was not told can be sent again once the receiver is back.',
      facts: [
        ['Webhook endpoint', endpointId],
        [count === 1 ? 'Delivery' : 'The last of them', fieldOf(event, 'webhook_delivery_id')],
        ['Of the event', fieldOf(event, 'event_id')],
        ['Which is', fieldOf(event, 'event_type')],
        ['List them', 'GET /api/v1/webhook-deliveries?status=failed'],
      ],
    },
    event,
  );
};
