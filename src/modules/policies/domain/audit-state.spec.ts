import { limitsState, policyState } from './audit-state.js';
import { DEFAULT_POLICY } from './payment-policy.js';

describe('rules in the audit log', () => {
  it('are whole, with amounts as text', () => {
    const approval = {
      amountOver: [{ currency: 'EUR', amountMinor: 9_007_199_254_740_993n }],
      transferCountOver: 10,
      newCounterpartiesOver: null,
      approvers: 2,
      expiresAfterHours: 72,
    };
    const policy = { approval, duplicatePolicy: 'block' as const, version: 3, updatedAt: new Date(0) };
    expect(policyState(policy)).toEqual({
      version: 3,
      duplicate_policy: 'block',
      approval: {
        amount_over: [{ currency: 'EUR', amount_minor: '9007199254740993' }],
        transfer_count_over: 10,
        new_counterparties_over: null,
        approvers: 2,
        expires_after_hours: 72,
      },
    });
    expect(policyState(DEFAULT_POLICY)).toEqual({ version: 0, duplicate_policy: 'warn', approval: null });
  });

  it('tell a maximum from none', () => {
    const limit = { accountId: null, currency: 'EUR', per: 'day' as const };
    const limits = [
      { ...limit, maxMinor: 0n, maxCount: null },
      { ...limit, per: 'bulk' as const, accountId: 'a', maxMinor: null, maxCount: 5 },
    ];
    expect(limitsState({ version: 1, limits, updatedAt: new Date(0) })).toEqual({
      version: 1,
      limits: [
        { account_id: null, currency: 'EUR', per: 'day', max_minor: '0', max_count: null },
        { account_id: 'a', currency: 'EUR', per: 'bulk', max_minor: null, max_count: 5 },
      ],
    });
  });
});
