import { decideReversal } from './decide-reversal.js';
import type { Move } from './line.js';

const MOVE: Move = {
  line: { id: 'a', line: 3, status: 'pending', attempts: 0, possiblySent: false, amountMinor: 100n },
  from: 'submitting',
  to: 'failed',
  source: 'submission',
  attempts: 1,
  possiblySent: false,
  code: 'NOOR',
  detail: null,
  railId: null,
  followUp: null,
};

describe('a reversal', () => {
  it('that fails waits for a person: the money is still with the counterparty', () => {
    expect(decideReversal(MOVE)).toMatchObject({ from: 'pending', to: 'manual_review', code: 'NOOR' });
    expect(decideReversal({ ...MOVE, from: 'in_doubt', source: 'inquiry' })).toMatchObject({
      from: 'in_doubt',
      to: 'manual_review',
    });
  });

  it('is ended as failed by a person only', () => {
    const resolved: Move = { ...MOVE, from: 'manual_review', source: 'operator' };
    expect(decideReversal(resolved)).toBe(resolved);
  });

  it('goes every other way as any transfer does', () => {
    const settled: Move = { ...MOVE, to: 'settled' };
    expect(decideReversal(settled)).toBe(settled);
  });
});
