import { OPEN_STATUSES, storedStatus, TRANSFER_STATUSES, transferStates } from './transfer.state.js';

describe('the states of a transfer', () => {
  it('are the ones the API names, in its order', () => {
    expect(transferStates.states).toEqual(TRANSFER_STATUSES);
    expect(transferStates.initial).toBe('pending');
  });

  it('never change once it has ended, but for settled money that comes back', () => {
    const left = TRANSFER_STATUSES.filter((status) => transferStates.isTerminal(status)).flatMap((from) =>
      TRANSFER_STATUSES.filter((to) => transferStates.canMove(from, to)).map((to) => `${from} > ${to}`),
    );
    expect(left).toEqual(['settled > returned']);
  });

  it('reserve money while, and only while, the line is open', () => {
    expect(OPEN_STATUSES).toEqual(['pending', 'submitting', 'submitted', 'in_doubt', 'manual_review']);
  });

  it('let only a line that never left be cancelled', () => {
    expect(transferStates.sourcesOf('cancelled')).toEqual(['pending']);
  });

  it('take a line out of manual review only as paid or as not paid: nothing sends it by itself', () => {
    const ways = TRANSFER_STATUSES.filter((to) => transferStates.canMove('manual_review', to));
    expect(ways).toEqual(['settled', 'failed']);
  });

  it('are stored as they are, but for submitting, which is a pending line inside a window', () => {
    expect(TRANSFER_STATUSES.filter((status) => storedStatus(status) !== status)).toEqual(['submitting']);
    expect(storedStatus('submitting')).toBe('pending');
  });
});
