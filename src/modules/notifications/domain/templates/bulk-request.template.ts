import { fieldOf, type ToldEvent } from '../told-event.js';
import { compose, money, type Template } from './template.js';

/** What is said of it, by what happened. */
const SAYS: Readonly<Record<string, readonly [subject: string, says: string]>> = {
  accepted: ['accepted', 'It was accepted, and its money is reserved.'],
  processing: ['is being paid', 'Its approvers released it, or it goes on after a pause.'],
  paused: ['paused', 'It was paused: nothing new is sent until somebody resumes it.'],
  cancelling: ['is being cancelled', 'What was not sent yet is being cancelled.'],
  reversing: ['is being reversed', 'A line failed, and what was paid is being taken back.'],
  progressed: ['makes progress', 'Another part of its lines has ended.'],
  completed: ['completed', 'It has ended: every line was paid.'],
  partially_completed: [
    'partially completed',
    'It has ended: some lines were paid, others were not. Look at those that failed.',
  ],
  failed: ['failed', 'It has ended: no line was paid. Look at why its lines failed before it is tried again.'],
  cancelled: ['cancelled', 'It has ended: it was cancelled before any line was paid.'],
  reversed: ['reversed', 'It has ended: what was paid was taken back.'],
  rejected: ['rejected', 'It has ended unpaid: an approver said no, or the time to approve it ran out.'],
};

export const bulkRequestTemplate: Template = (event) => {
  const happened = event.type.slice(event.type.indexOf('.') + 1);
  const waits = happened === 'accepted' && fieldOf(event, 'status') === 'awaiting_approval';
  const [verb, says] = waits
    ? ['awaits approval', 'It was accepted and waits for somebody to approve it. Its money is reserved.']
    : (SAYS[happened] ?? [happened.replaceAll('_', ' '), 'Its state has changed.']);
  const percent = fieldOf(event, 'percent');
  const id = fieldOf(event, 'bulk_request_id') ?? event.subjectId;
  return compose(
    {
      subject: `Bulk request ${id} ${percent === null ? verb : `is at ${percent} %`}`,
      says,
      facts: [['Bulk request', id], ...factsOf(event), ['Read it', `GET /api/v1/bulk-requests/${id}`]],
    },
    event,
  );
};

const factsOf = (event: ToldEvent): (readonly [string, string | null])[] => [
  ['Total', money(event, 'total_amount')],
  ['Transfers', fieldOf(event, 'transfer_count')],
  ['Rejected lines', fieldOf(event, 'rejected_count')],
  ['Ended', fieldOf(event, 'ended_count')],
  ['Settled', fieldOf(event, 'counts', 'settled')],
  ['Failed', fieldOf(event, 'counts', 'failed')],
  ['Cancelled', fieldOf(event, 'counts', 'cancelled')],
  ['Returned', fieldOf(event, 'counts', 'returned')],
  ['Made out of', fieldOf(event, 'origin_id')],
];
