import { bulkRequestStates } from './bulk-request.state.js';
import { finalStatus, hasYetToReverse } from './completion.js';

describe('how a bulk ends', () => {
  it.each([
    [10, null, 'completed'],
    [9, null, 'partially_completed'],
    [1, null, 'partially_completed'],
    [0, null, 'failed'],
    [9, 'on_failure', 'partially_completed'],
    [0, 'on_failure', 'failed'],
    [9, 'request', 'partially_completed'],
    [0, 'request', 'cancelled'],
    // Everything had gone out before the stop could reach it.
    [10, 'request', 'partially_completed'],
    [10, 'on_failure', 'partially_completed'],
  ] as const)('with %i of 10 lines paid, stopped by %s: %s', (paid, stoppedBy, status) => {
    expect(finalStatus({ total: 10, paid }, stoppedBy)).toBe(status);
  });

  it('is always somewhere its state can move to, and final', () => {
    for (let paid = 0; paid <= 3; paid++) {
      for (const stoppedBy of [null, 'on_failure', 'request'] as const) {
        const from = stoppedBy === null ? (['processing', 'paused'] as const) : (['cancelling'] as const);
        const to = finalStatus({ total: 3, paid }, stoppedBy);
        expect(bulkRequestStates.isTerminal(to)).toBe(true);
        for (const state of from) expect(bulkRequestStates.canMove(state, to)).toBe(true);
      }
    }
  });
});

describe('what a bulk paid has to be taken back', () => {
  const lines = (failed: number) => [
    { status: 'settled', count: 1, sumMinor: 100n },
    { status: 'failed', count: failed, sumMinor: BigInt(failed) * 100n },
  ];

  it.each([
    ['processing', 'reverse', 1, true],
    ['paused', 'reverse', 1, true],
    ['processing', 'reverse', 0, false],
    ['processing', 'stop', 1, false],
    ['processing', 'continue', 1, false],
    ['reversing', 'reverse', 1, false],
    // Somebody cancelled it first: nothing is taken back.
    ['cancelling', 'reverse', 1, false],
  ] as const)('when it is %s with on_failure: %s and %i lines failed: %s', (status, onFailure, failed, expected) => {
    expect(hasYetToReverse({ status, onFailure }, lines(failed))).toBe(expected);
  });
});
