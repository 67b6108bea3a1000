import { EVENT_TYPES } from '../../events/index.js';
import { acceptedEvent, changedEvent, endedEvent } from './bulk-event.js';
import { bulkRequestStates } from './bulk-request.state.js';

const bulk = { organizationId: 'o', id: 'b' };
const accepted = {
  ...bulk,
  transferCount: 2,
  rejectedCount: 1,
  totalMinor: 9_007_199_254_740_993n,
  currency: 'EUR',
  rail: 'sandbox',
  debtorAccountId: 'a',
  origin: null,
  originId: null,
};
const counts = {
  ...{ settled: 1, failed: 2, cancelled: 3, returned: 4 },
  ...{ settledMinor: 100n, failedMinor: 200n, cancelledMinor: 300n, returnedMinor: 400n },
};

describe('what is told of a bulk request', () => {
  it('is what was accepted, and whether it waits for somebody', () => {
    expect(acceptedEvent(accepted, false)).toEqual({
      organizationId: 'o',
      type: 'bulk_request.accepted',
      subjectId: 'b',
      data: {
        bulk_request_id: 'b',
        status: 'processing',
        debtor_account_id: 'a',
        currency: 'EUR',
        total_amount: '90071992547409.93',
        transfer_count: 2,
        rejected_count: 1,
        origin: null,
        origin_id: null,
      },
    });
    expect(acceptedEvent(accepted, true).data.status).toBe('awaiting_approval');
    expect(acceptedEvent({ ...accepted, origin: 'reversal', originId: 'c' }, false).data).toMatchObject({
      origin: 'reversal',
      origin_id: 'c',
    });
  });

  it('is the state it passes into, and the one it comes from', () => {
    expect(changedEvent(bulk, { from: 'processing', to: 'paused' })).toEqual({
      organizationId: 'o',
      type: 'bulk_request.paused',
      subjectId: 'b',
      data: { bulk_request_id: 'b', previous_status: 'processing', status: 'paused' },
    });
  });

  it('is how it ended, with the number of lines of each end, and no amount', () => {
    expect(endedEvent(bulk, { from: 'processing', to: 'partially_completed', counts })).toEqual({
      organizationId: 'o',
      type: 'bulk_request.partially_completed',
      subjectId: 'b',
      data: {
        bulk_request_id: 'b',
        previous_status: 'processing',
        status: 'partially_completed',
        counts: { settled: 1, failed: 2, cancelled: 3, returned: 4 },
      },
    });
  });

  it('has a type for every state it can come to; whether it waits is told when it is accepted', () => {
    const later = bulkRequestStates.states.filter(
      (status) => !['received', 'awaiting_approval', 'scheduled'].includes(status),
    );
    expect(later.length).toBeGreaterThan(5);
    expect(later.filter((status) => !(`bulk_request.${status}` in EVENT_TYPES))).toEqual([]);
  });
});
