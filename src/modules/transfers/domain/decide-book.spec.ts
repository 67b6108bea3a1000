import { decideBook } from './decide-book.js';

const ACTIVE = { status: 'active', currency: 'EUR' } as const;

describe('the book rail', () => {
  it('settles to an active account in the same currency', () => {
    expect(decideBook('EUR', ACTIVE, 'ref')).toEqual({ kind: 'settled', railId: 'book-ref' });
  });

  it.each([
    ['an account that is not held here', undefined, 'AC01'],
    ['a closed account', { ...ACTIVE, status: 'closed' as const }, 'AC04'],
    ['a frozen account', { ...ACTIVE, status: 'frozen' as const }, 'AC06'],
    ['an account in another currency', { ...ACTIVE, currency: 'USD' }, 'AC09'],
    ['a closed account in another currency', { status: 'closed' as const, currency: 'USD' }, 'AC04'],
  ])('rejects %s with its ISO 20022 reason', (_, creditor, code) => {
    expect(decideBook('EUR', creditor, 'ref')).toMatchObject({ kind: 'rejected', code });
  });
});
