import { approvalReasons, termsOf } from './approval-rule.js';
import type { ApprovalPolicy } from './payment-policy.js';

const POLICY: ApprovalPolicy = {
  amountOver: [
    { currency: 'EUR', amountMinor: 100_000n },
    { currency: 'JPY', amountMinor: 0n },
  ],
  transferCountOver: 10,
  newCounterpartiesOver: 0,
  approvers: 2,
  expiresAfterHours: 24,
};
const FACTS = { currency: 'EUR', totalMinor: 100_000n, transferCount: 10, newCounterparties: 0 };

describe('what has to be approved', () => {
  it('is nothing without a policy', () => {
    expect(approvalReasons(null, { ...FACTS, totalMinor: 10n ** 15n })).toEqual([]);
  });

  it('is not what is exactly at every threshold', () => {
    expect(approvalReasons(POLICY, FACTS)).toEqual([]);
  });

  it('is what is one minor unit, one line or one counterparty over, and each is a reason of its own', () => {
    expect(approvalReasons(POLICY, { ...FACTS, totalMinor: 100_001n })).toEqual([
      { code: 'amount_over', over: '1000.00', actual: '1000.01' },
    ]);
    expect(approvalReasons(POLICY, { ...FACTS, transferCount: 11 })).toEqual([
      { code: 'transfer_count_over', over: '10', actual: '11' },
    ]);
    expect(approvalReasons(POLICY, { ...FACTS, newCounterparties: 1 })).toEqual([
      { code: 'new_counterparties_over', over: '0', actual: '1' },
    ]);
    const all = { currency: 'EUR', totalMinor: 200_000n, transferCount: 11, newCounterparties: 3 };
    expect(approvalReasons(POLICY, all).map(({ code }) => code)).toEqual([
      'amount_over',
      'transfer_count_over',
      'new_counterparties_over',
    ]);
  });

  it('goes by the threshold of its own currency, and has none in a currency without', () => {
    expect(approvalReasons(POLICY, { ...FACTS, currency: 'JPY', totalMinor: 1n })).toEqual([
      { code: 'amount_over', over: '0', actual: '1' },
    ]);
    expect(approvalReasons(POLICY, { ...FACTS, currency: 'USD', totalMinor: 10n ** 12n })).toEqual([]);
  });

  it('asks for the approvers of the policy, and for one where another reason than the policy holds it', () => {
    expect(termsOf(POLICY)).toEqual({ approvers: 2, expiresAfterHours: 24 });
    expect(termsOf(null)).toEqual({ approvers: 1, expiresAfterHours: 72 });
  });
});
