import { DomainError } from '../../../domain/errors.js';
import { MAX_TOTAL_MINOR } from '../../../domain/money.js';
import { accept } from './acceptance.js';
import type { CheckedCreditTransfers, CreditTransfer } from './credit-transfer.js';

function line(position: number, amountMinor = 100n): CreditTransfer {
  return {
    line: position,
    amountMinor,
    counterpartyName: 'John Doe',
    counterpartyIban: 'DE89370400440532013000',
    counterpartyBic: null,
    description: null,
    purposeCode: null,
    clientTransferId: null,
  };
}

function checked(accepted: CreditTransfer[], bad: number[] = []): CheckedCreditTransfers {
  const errors = bad.map((position) => ({
    pointer: `/credit_transfers/${position}/amount`,
    code: 'zero_amount',
    detail: '',
  }));
  const rejected = bad.map((position, index) => ({ line: position, errors: errors.slice(index, index + 1) }));
  return { accepted, rejected, rejectedCount: bad.length, errors, errorCount: bad.length };
}

function refusalOf(work: () => unknown): DomainError {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error;
  }
  throw new Error('It was not refused.');
}

describe('a submission', () => {
  it('is taken on with the sum of its lines', () => {
    expect(accept(checked([line(0), line(1, 250n)]), 'all_or_nothing')).toMatchObject({ totalMinor: 350n });
  });

  it('is refused whole for one bad line, which is named', () => {
    const refusal = refusalOf(() => accept(checked([line(0)], [1]), 'all_or_nothing'));
    expect(refusal).toMatchObject({
      kind: 'rule',
      code: 'validation_failed',
      details: { errorCount: 1, errors: [{ pointer: '/credit_transfers/1/amount', code: 'zero_amount' }] },
    });
  });

  it('is taken on in part when it asks for that, and only the good lines count', () => {
    const { lines, totalMinor } = accept(checked([line(1), line(3)], [0, 2]), 'partial');
    expect(lines.map((one) => one.line)).toEqual([1, 3]);
    expect(totalMinor).toBe(200n);
  });

  it('is refused when nothing good is left of it', () => {
    expect(refusalOf(() => accept(checked([], [0, 1]), 'partial'))).toMatchObject({
      code: 'validation_failed',
      details: { errorCount: 2 },
    });
  });

  it('may not be larger than the ledger can hold', () => {
    expect(accept(checked([line(0, MAX_TOTAL_MINOR)]), 'partial').totalMinor).toBe(MAX_TOTAL_MINOR);
    expect(refusalOf(() => accept(checked([line(0, MAX_TOTAL_MINOR), line(1, 1n)]), 'partial'))).toMatchObject({
      code: 'limit_exceeded',
    });
  });
});
