import type { DomainError } from '../../../domain/errors.js';
import type { AccountStatus } from './account.js';
import { accountStates, assertCanBecome } from './account.state.js';

const OWN = { frozenByPlatform: false };
const EMPTY = { ...OWN, postedMinor: 0n, reservedMinor: 0n };

function refusalOf(
  account: Parameters<typeof assertCanBecome>[0],
  status: AccountStatus,
  byPlatform = false,
): DomainError | undefined {
  try {
    assertCanBecome(account, status, { byPlatform });
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
    expect(refusalOf({ ...OWN, ...balance, status: 'frozen' }, 'closed')).toMatchObject({
      code: 'invalid_state',
      details: { members: { current_status: 'frozen' } },
    });
    expect(refusalOf({ ...OWN, ...balance, status: 'frozen' }, 'active')).toBeUndefined();
  });

  it.each(['active', 'closed'] as const)(
    'is the platform’s to decide, once it froze: not %s, for the organization',
    (to) => {
      const frozen = { ...EMPTY, status: 'frozen', frozenByPlatform: true } as const;
      expect(refusalOf(frozen, to)).toMatchObject({ kind: 'forbidden', code: 'stopped_by_platform' });
      expect(refusalOf(frozen, to, true)).toBeUndefined();
    },
  );
});
