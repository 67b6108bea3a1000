import type { DomainError } from '../../../domain/errors.js';
import type { AccountStatus } from './account.js';
import { accountStates, assertCanBecome } from './account.state.js';

const EMPTY = { postedMinor: 0n, reservedMinor: 0n };

function refusalOf(account: Parameters<typeof assertCanBecome>[0], status: AccountStatus): DomainError | undefined {
  try {
    assertCanBecome(account, status);
    return undefined;
  } catch (error) {
    return error as DomainError;
  }
}

describe('the status of an account', () => {
  it.each([
    ['active', 'frozen'],
    ['frozen', 'active'],
    ['active', 'closed'],
    ['frozen', 'closed'],
  ] as const)('may go from %s to %s', (from, to) => {
    expect(refusalOf({ ...EMPTY, status: from }, to)).toBeUndefined();
  });

  it.each(['active', 'frozen'] as const)('never goes from closed to %s', (to) => {
    expect(refusalOf({ ...EMPTY, status: 'closed' }, to)).toMatchObject({
      kind: 'conflict',
      code: 'invalid_state',
      details: { members: { current_status: 'closed' } },
    });
    expect(accountStates.isTerminal('closed')).toBe(true);
  });

  it.each([
    ['money', { postedMinor: 1n, reservedMinor: 0n }],
    ['a debt', { postedMinor: -1n, reservedMinor: 0n }],
    ['reservations', { postedMinor: 0n, reservedMinor: 1n }],
    ['money that is all reserved', { postedMinor: 1n, reservedMinor: 1n }],
  ])('does not become closed with %s', (_, balance) => {
    expect(refusalOf({ ...balance, status: 'frozen' }, 'closed')).toMatchObject({
      code: 'invalid_state',
      details: { members: { current_status: 'frozen' } },
    });
    expect(refusalOf({ ...balance, status: 'frozen' }, 'active')).toBeUndefined();
  });
});
