import { areKept, type LedgerInvariants } from './invariants.js';

const SOUND: LedgerInvariants = { sums: [{ currency: 'EUR', postedMinor: 0n }], posted: [], reserved: [] };
const ACCOUNT = { accountId: 'a', organizationId: 'o', currency: 'EUR' };

describe('the invariants of the ledger', () => {
  it('are kept when every currency sums to zero and no account differs', () => {
    expect(areKept(SOUND)).toBe(true);
    expect(areKept({ ...SOUND, sums: [] })).toBe(true);
  });

  it.each<[string, Partial<LedgerInvariants>]>([
    ['a currency does not sum to zero', { sums: [...SOUND.sums, { currency: 'JPY', postedMinor: 1n }] }],
    ['a posted balance is not its entries', { posted: [{ ...ACCOUNT, postedMinor: 1n, entriesMinor: 0n }] }],
    ['a reserved balance is not its holds', { reserved: [{ ...ACCOUNT, reservedMinor: 1n, heldMinor: 0n }] }],
  ])('are broken when %s', (_, broken) => {
    expect(areKept({ ...SOUND, ...broken })).toBe(false);
  });
});
