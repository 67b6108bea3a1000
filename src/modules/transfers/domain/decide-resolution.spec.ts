import { DomainError } from '../../../domain/errors.js';
import { decideEvidence } from './decide-evidence.js';
import { decideResolution, RESOLUTION_OUTCOMES, type StoredLine } from './decide-resolution.js';
import { storedStatus, transferStates } from './transfer.state.js';

const line: StoredLine = {
  id: 'a',
  line: 3,
  status: 'manual_review',
  attempts: 2,
  possiblySent: true,
  amountMinor: 100n,
};
const evidence = 'Statement 118';
const free = { isLeased: false, isBook: false };

function refusal(work: () => unknown): unknown[] {
  try {
    return [work()];
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return [error.kind, error.code, error.details.members ?? {}];
  }
}

describe('the resolution of a transfer', () => {
  it.each(RESOLUTION_OUTCOMES)('ends it as %s, with the evidence', (outcome) => {
    expect(decideResolution(line, { outcome, evidence }, free)).toEqual({
      line,
      from: 'manual_review',
      to: outcome,
      source: 'operator',
      attempts: 2,
      possiblySent: true,
      code: 'resolved_by_operator',
      detail: evidence,
      railId: null,
      followUp: null,
    });
    expect(transferStates.canMove('manual_review', outcome)).toBe(true);
  });

  it.each([...new Set(transferStates.states.map(storedStatus))].filter((status) => status !== 'manual_review'))(
    'is refused of one that is %s, leased or not',
    (status) => {
      for (const isLeased of [false, true]) {
        const resolve = () =>
          decideResolution({ ...line, status }, { outcome: 'failed', evidence }, { ...free, isLeased });
        expect(refusal(resolve)).toEqual(['conflict', 'invalid_state', { current_status: status }]);
      }
    },
  );

  it('is refused while somebody has its chunk', () => {
    const resolve = () => decideResolution(line, { outcome: 'failed', evidence }, { ...free, isLeased: true });
    expect(refusal(resolve)).toEqual(['conflict', 'in_flight', {}]);
  });

  it('never says that our own books have paid what they know they have not', () => {
    const book = { ...free, isBook: true };
    expect(refusal(() => decideResolution(line, { outcome: 'settled', evidence }, book))).toEqual([
      'rule',
      'not_executed',
      {},
    ]);
    expect(decideResolution(line, { outcome: 'failed', evidence }, book)).toMatchObject({ to: 'failed' });
  });

  it.each([
    ['settled', 'rejected'],
    ['failed', 'settled'],
    ['failed', 'returned'],
  ] as const)('as %s is contradicted by a rail that says %s later', (outcome, status) => {
    const { to } = decideResolution(line, { outcome, evidence }, free);
    const later = { status, reasonCode: null, railId: null };
    expect(decideEvidence({ ...line, status: storedStatus(to) }, later)).toMatchObject({ outcome: 'contradiction' });
  });
});
