import { fieldOf } from '../told-event.js';
import { compose, counted, money, type Template } from './template.js';

/** What is said of one, and of several. */
const SAYS: Readonly<Record<string, readonly [verb: string, says: string]>> = {
  pending: ['not executed yet', 'The rail has not executed it; it is tried again.'],
  submitted: ['submitted', 'The rail has it, and has not settled it yet.'],
  settled: ['settled', 'It was paid.'],
  failed: ['failed', 'It was not paid, for good. Its money is available again.'],
  in_doubt: ['in doubt', 'Nobody knows whether it was executed. The rail is asked: do not pay it again by hand.'],
  manual_review: ['for manual review', 'Somebody has to find out at the bank what became of it, and resolve it.'],
  cancelled: ['cancelled', 'It was cancelled before it was sent.'],
  returned: ['returned', 'It was paid, and the bank of the counterparty sent it back.'],
};

export const transferTemplate: Template = (event, count) => {
  const status = event.type.slice('transfer.'.length);
  const [verb, one] = SAYS[status] ?? [status.replaceAll('_', ' '), 'Its state has changed.'];
  const bulkId = fieldOf(event, 'bulk_request_id') ?? event.subjectId;
  const transferId = fieldOf(event, 'transfer_id');
  if (count === 1) {
    return compose(
      {
        subject: `1 transfer ${verb}, bulk request ${bulkId}`,
        says: one,
        facts: [
          ['Transfer', transferId],
          ['Line', fieldOf(event, 'line')],
          ['Amount', money(event, 'amount')],
          ['Reason', fieldOf(event, 'reason_code')],
          ['Bulk request', bulkId],
          ['Read it', transferId && `GET /api/v1/transfers/${transferId}`],
        ],
      },
      event,
    );
  }
  return compose(
    {
      subject: `${counted(count, 'transfer')} ${verb}, bulk request ${bulkId}`,
      says: `This many of its lines: ${count}. What it means for each: ${one}`,
      facts: [
        ['Bulk request', bulkId],
        ['List them', `GET /api/v1/bulk-requests/${bulkId}/transfers?status=${status}`],
      ],
    },
    event,
  );
};
