import { DomainError } from '../../../domain/errors.js';
import type { Origin } from './bulk-request.js';
import { BULK_REQUEST_STATUSES, bulkRequestStates, type BulkRequestStatus } from './bulk-request.state.js';
import { assertRetryable, type ControlAction, decideControl } from './control.js';

const ORIGINS: readonly (Origin | null)[] = [null, 'retry', 'reversal'];

/** What an attempt comes to: its result, or the refusal's code and the state it names. */
function outcomeOf(attempt: () => unknown): unknown {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return [error.kind, error.code, error.details.members?.['current_status']];
  }
}

describe('control of a bulk request', () => {
  it.each<[ControlAction, Partial<Record<BulkRequestStatus, BulkRequestStatus | null>>]>([
    ['cancel', { processing: 'cancelling', paused: 'cancelling', cancelling: null, awaiting_approval: 'cancelled' }],
    ['pause', { processing: 'paused', paused: null }],
    ['resume', { paused: 'processing', processing: null }],
  ])(
    '%s is possible where it changes something or has been done, and refused with the state everywhere else',
    (action, possible) => {
      for (const status of BULK_REQUEST_STATUSES) {
        const expected = status in possible ? possible[status] : ['conflict', 'invalid_state', status];
        expect([status, outcomeOf(() => decideControl(action, { status, origin: null }))]).toEqual([status, expected]);
      }
    },
  );

  it('moves only along the state table', () => {
    for (const action of ['cancel', 'pause', 'resume'] as const) {
      for (const status of BULK_REQUEST_STATUSES) {
        const to = outcomeOf(() => decideControl(action, { status, origin: null }));
        if (typeof to === 'string') expect(bulkRequestStates.canMove(status, to as BulkRequestStatus)).toBe(true);
      }
    }
  });

  it('treats a retry like any bulk, pauses a reversal, and never cancels one', () => {
    for (const action of ['cancel', 'pause'] as const) {
      expect(decideControl(action, { status: 'processing', origin: 'retry' })).not.toBeNull();
    }
    expect(decideControl('pause', { status: 'processing', origin: 'reversal' })).toBe('paused');
    for (const status of ['processing', 'cancelling'] as const) {
      const attempt = outcomeOf(() => decideControl('cancel', { status, origin: 'reversal' }));
      expect(attempt).toEqual(['conflict', 'invalid_state', status]);
    }
  });

  it('retries the failed lines of what has ended, unless it was a reversal', () => {
    for (const status of BULK_REQUEST_STATUSES) {
      for (const origin of ORIGINS) {
        const isRetryable = bulkRequestStates.isTerminal(status) && origin !== 'reversal';
        const expected = isRetryable ? undefined : ['conflict', 'invalid_state', status];
        expect([status, origin, outcomeOf(() => assertRetryable({ status, origin }))]).toEqual([
          status,
          origin,
          expected,
        ]);
      }
    }
  });
});
