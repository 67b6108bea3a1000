import { textOfDelivered, totalOf } from './delivered-line.js';

describe('what a receiving organization is credited', () => {
  const line = (transferId: string, amountMinor: bigint) => ({ transferId, accountId: 'a', amountMinor });

  it('is a line of text each: what, where to, how much', () => {
    expect(textOfDelivered(line('t', 150n))).toBe('t|a|150\n');
  });

  it('adds up beyond what a double can count', () => {
    expect(totalOf([])).toBe(0n);
    expect(totalOf([line('t', 9_007_199_254_740_992n), line('u', 1n)])).toBe(9_007_199_254_740_993n);
  });
});
