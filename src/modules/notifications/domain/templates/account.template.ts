import { fieldOf } from '../told-event.js';
import { compose, money, type Template } from './template.js';

const SAYS: Readonly<Record<string, readonly [verb: string, says: string]>> = {
  opened: ['opened', 'It was opened.'],
  status_changed: ['changed its status', 'It was frozen, thawed or closed.'],
  verified: ['verified', 'Its IBAN is its own on the whole platform.'],
  balance_changed: ['has another balance', 'Money came, went, or was reserved or freed.'],
};

export const accountTemplate: Template = (event) => {
  const [verb, says] = SAYS[event.type.slice('account.'.length)] ?? ['changed', 'It has changed.'];
  const id = fieldOf(event, 'account_id') ?? event.subjectId;
  return compose(
    {
      subject: `Account ${id} ${verb}`,
      says,
      facts: [
        ['Account', id],
        ['Status', fieldOf(event, 'status')],
        ['Before', fieldOf(event, 'previous_status')],
        ['Posted', money(event, 'posted')],
        ['Reserved', money(event, 'reserved')],
        ['Available', money(event, 'available')],
        ['Read it', `GET /api/v1/accounts/${id}`],
      ],
    },
    event,
  );
};
