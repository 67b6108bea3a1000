import { finalCounts } from './completion.js';
import { type CountedMoney, judgeHold } from './recount.js';

const COUNTS = finalCounts([
  { status: 'settled', count: 6, sumMinor: 600n },
  { status: 'returned', count: 1, sumMinor: 100n },
  { status: 'failed', count: 2, sumMinor: 200n },
  { status: 'cancelled', count: 1, sumMinor: 100n },
]);
const RIGHT: CountedMoney = {
  counts: COUNTS,
  hold: { amountMinor: 1_000n, capturedMinor: 700n, releasedMinor: 300n },
  settledEntriesMinor: 700n,
  unheldMinor: 0n,
};
const hold = (capturedMinor: bigint, releasedMinor: bigint) => ({ amountMinor: 1_000n, capturedMinor, releasedMinor });

describe('the hold of a bulk that does not add up', () => {
  it('is right when lines, ledger and hold agree, open lines or not', () => {
    expect(judgeHold(RIGHT)).toEqual({ kind: 'right' });
    expect(judgeHold({ ...RIGHT, hold: { ...RIGHT.hold, amountMinor: 1_200n } })).toEqual({ kind: 'right' });
  });

  it('gives up what it still keeps when lines and ledger agree', () => {
    expect(judgeHold({ ...RIGHT, hold: hold(700n, 100n) })).toEqual({
      kind: 'lags',
      capturedMinor: 0n,
      releasedMinor: 200n,
      isStillReserved: true,
    });
    expect(judgeHold({ ...RIGHT, hold: hold(600n, 300n) })).toEqual({
      kind: 'lags',
      capturedMinor: 100n,
      releasedMinor: 0n,
      isStillReserved: true,
    });
  });

  it('gives it up alone when the account did already', () => {
    expect(judgeHold({ ...RIGHT, hold: hold(700n, 100n), unheldMinor: -200n })).toMatchObject({
      kind: 'lags',
      releasedMinor: 200n,
      isStillReserved: false,
    });
  });

  it.each<[string, Partial<CountedMoney>]>([
    ['the ledger booked less than the lines say', { settledEntriesMinor: 600n }],
    ['the ledger booked more', { settledEntriesMinor: 800n }],
    ['the hold gave up more than the lines say', { hold: hold(700n, 301n) }],
    ['the account and its holds differ by something else', { hold: hold(700n, 100n), unheldMinor: -150n }],
    ['the hold is right and the account is not', { unheldMinor: 5n }],
    ['the hold is smaller than the lines', { hold: { amountMinor: 900n, capturedMinor: 700n, releasedMinor: 200n } }],
  ])('is left to a person when %s', (_what, values) => {
    expect(judgeHold({ ...RIGHT, ...values })).toEqual({ kind: 'disputed' });
  });
});
