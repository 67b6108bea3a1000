import { DomainError } from '../../../domain/errors.js';
import { decideRequestedCancel } from './decide-requested-cancel.js';
import type { StoredLine } from './decide-resolution.js';
import { storedStatus, transferStates } from './transfer.state.js';

const line: StoredLine = { id: 'a', line: 3, status: 'pending', attempts: 0, possiblySent: false, amountMinor: 100n };
const free = { isLeased: false, isReversal: false };

function refusal(transfer: Partial<StoredLine>, found: Partial<typeof free> = {}): unknown[] {
  try {
    return [decideRequestedCancel({ ...line, ...transfer }, { ...free, ...found }).to];
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return [error.kind, error.code, error.details.members ?? {}];
  }
}

describe('the cancellation of one transfer', () => {
  it('ends one that was never sent, and says that it was asked for', () => {
    expect(decideRequestedCancel({ ...line, attempts: 2 }, free)).toEqual({
      line: { ...line, attempts: 2 },
      from: 'pending',
      to: 'cancelled',
      source: 'stop',
      attempts: 2,
      possiblySent: false,
      code: 'cancelled',
      detail: 'Its cancellation was requested before it was sent',
      railId: null,
      followUp: null,
    });
  });

  it('is refused while somebody has its chunk: it may be about to be sent', () => {
    expect(refusal({}, { isLeased: true })).toEqual(['conflict', 'in_flight', {}]);
  });

  it('is refused once it may have been paid, leased or not', () => {
    const inFlight = ['conflict', 'in_flight', {}];
    for (const isLeased of [false, true]) {
      expect(refusal({ possiblySent: true }, { isLeased })).toEqual(inFlight);
      for (const status of ['submitted', 'in_doubt', 'manual_review'] as const) {
        expect(refusal({ status }, { isLeased })).toEqual(inFlight);
      }
    }
  });

  it('is refused of one that takes another back', () => {
    expect(refusal({}, { isReversal: true })).toEqual(['conflict', 'invalid_state', { current_status: 'pending' }]);
  });

  it.each(transferStates.states.filter(transferStates.isTerminal).map(storedStatus))(
    'is refused when it is %s already, leased or not',
    (status) => {
      const ended = ['conflict', 'invalid_state', { current_status: status }];
      expect(refusal({ status, possiblySent: true })).toEqual(ended);
      expect(refusal({ status }, { isLeased: true, isReversal: true })).toEqual(ended);
    },
  );
});
