import { RESOLUTIONS } from './break.js';
import { suspenseMove } from './suspense.js';

describe('what a resolution does with money on suspense', () => {
  it.each([
    ['corrected_by_rail', 100n, { counterpart: 'clearing', outOfSuspense: true, amountMinor: 100n }],
    ['corrected_by_rail', -100n, { counterpart: 'clearing', outOfSuspense: false, amountMinor: 100n }],
    ['charged_to_debtor', 100n, { counterpart: 'debtor', outOfSuspense: true, amountMinor: 100n }],
    ['charged_to_debtor', -100n, { counterpart: 'debtor', outOfSuspense: false, amountMinor: 100n }],
    ['written_off', 100n, { counterpart: 'fees', outOfSuspense: true, amountMinor: 100n }],
    ['written_off', -100n, { counterpart: 'fees', outOfSuspense: false, amountMinor: 100n }],
  ] as const)('%s moves all of %s', (resolution, suspenseMinor, move) => {
    expect(suspenseMove({ suspenseMinor }, resolution)).toEqual(move);
  });

  it('is nothing where nothing lies there', () => {
    expect(suspenseMove({ suspenseMinor: 0n }, 'no_action')).toBeNull();
    expect(suspenseMove({ suspenseMinor: 0n }, 'corrected_by_rail')).toBeNull();
  });

  it.each([1n, -1n])('cannot be no action while %s lies there', (suspenseMinor) => {
    expect(() => suspenseMove({ suspenseMinor }, 'no_action')).toThrow(
      expect.objectContaining({ code: 'suspense_not_empty' }) as Error,
    );
  });

  it.each(['charged_to_debtor', 'written_off'] as const)('cannot be %s when there is nothing', (resolution) => {
    expect(() => suspenseMove({ suspenseMinor: 0n }, resolution)).toThrow(
      expect.objectContaining({ code: 'nothing_in_suspense' }) as Error,
    );
  });

  it('always leaves suspense without it', () => {
    for (const resolution of RESOLUTIONS.filter((one) => one !== 'no_action')) {
      for (const suspenseMinor of [7n, -7n]) {
        const move = suspenseMove({ suspenseMinor }, resolution);
        const change = move ? (move.outOfSuspense ? -move.amountMinor : move.amountMinor) : 0n;
        expect(suspenseMinor + change).toBe(0n);
      }
    }
  });
});
