import { BULK_REQUEST_STATUSES, bulkRequestStates } from './bulk-request.state.js';

describe('the states of a bulk request', () => {
  it('never change once it has ended', () => {
    const ends = ['completed', 'partially_completed', 'failed', 'cancelled', 'reversed', 'rejected'] as const;
    expect(BULK_REQUEST_STATUSES.filter((status) => bulkRequestStates.isTerminal(status))).toEqual(
      BULK_REQUEST_STATUSES.filter((status) => (ends as readonly string[]).includes(status)),
    );
    for (const end of ends) {
      expect(BULK_REQUEST_STATUSES.filter((to) => bulkRequestStates.canMove(end, to))).toEqual([]);
    }
  });

  it('let a paused bulk go on, be cancelled, or end by what was under way', () => {
    expect(BULK_REQUEST_STATUSES.filter((to) => bulkRequestStates.canMove('paused', to))).toEqual([
      'processing',
      'cancelling',
      'reversing',
      'completed',
      'partially_completed',
      'failed',
    ]);
  });

  it('never take a bulk that is being cancelled back to work, nor call it completed', () => {
    expect(BULK_REQUEST_STATUSES.filter((to) => bulkRequestStates.canMove('cancelling', to))).toEqual([
      'partially_completed',
      'failed',
      'cancelled',
    ]);
  });

  it('reject only what waits for approval', () => {
    expect(bulkRequestStates.sourcesOf('rejected')).toEqual(['awaiting_approval']);
  });
});
