import { decideBookReversals, type ReversedCreditor } from './decide-book-reversal.js';

const CREDITOR: ReversedCreditor = { id: 'a', status: 'active', availableMinor: 100n, isOwn: true };
const line = (amountMinor: bigint, creditor: ReversedCreditor | null = CREDITOR) => ({
  reference: `r${amountMinor}`,
  amountMinor,
  creditor,
});
const codes = (lines: Parameters<typeof decideBookReversals>[0]) =>
  decideBookReversals(lines).map((outcome) => ('code' in outcome ? outcome.code : outcome.kind));

describe('taking book payments back', () => {
  it('works while the account has the money, counting what earlier lines took', () => {
    expect(codes([line(60n), line(50n), line(40n), line(1n)])).toEqual(['settled', 'AM04', 'settled', 'AM04']);
  });

  it.each<[string, ReversedCreditor | null, string]>([
    ['an account that is gone', null, 'AC01'],
    ['a closed account', { ...CREDITOR, status: 'closed' }, 'AC04'],
    ['a frozen account', { ...CREDITOR, status: 'frozen' }, 'AC06'],
    ['an account of another organization', { ...CREDITOR, isOwn: false }, 'AG01'],
  ])('never debits %s', (_what, creditor, code) => {
    expect(codes([line(10n, creditor)])).toEqual([code]);
  });
});
