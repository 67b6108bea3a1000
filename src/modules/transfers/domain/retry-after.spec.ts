import type { PaymentOutcome } from '../../../domain/payment-outcome.js';
import { withCommonRetryAfter } from './retry-after.js';

const SETTLED: PaymentOutcome = { kind: 'settled', railId: 'r1' };
const busy = (retryAfterMs?: number): PaymentOutcome => ({
  kind: 'not_accepted',
  code: 'busy',
  detail: null,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

describe('the pause a rail asks for', () => {
  it('is the longest one for every line it did not take, so that they stay in one chunk', () => {
    const held: PaymentOutcome = { kind: 'not_sent', code: 'circuit_open', detail: null, retryAfterMs: 500 };
    const outcomes = withCommonRetryAfter([SETTLED, busy(), busy(2_000), held]);
    expect(outcomes.map((outcome) => ('retryAfterMs' in outcome ? outcome.retryAfterMs : null))).toEqual([
      null,
      2_000,
      2_000,
      2_000,
    ]);
  });

  it('is nothing where none was asked for', () => {
    expect(withCommonRetryAfter([SETTLED, busy()])).toEqual([SETTLED, busy()]);
  });
});
