import fc from 'fast-check';
import { backoffMs } from './backoff.js';

const LIMITS = { baseMs: 1_000, maxMs: 900_000 };
const ALMOST_ONE = 1 - Number.EPSILON;

describe('backoff', () => {
  it('doubles its ceiling with every try until the maximum', () => {
    expect([0, 1, 2, 3].map((tries) => backoffMs(tries, LIMITS, 0.5))).toEqual([500, 1_000, 2_000, 4_000]);
    expect(backoffMs(10, LIMITS, 0.5)).toBe(450_000);
  });

  it('is full jitter: anything from nothing up to the ceiling', () => {
    expect(backoffMs(3, LIMITS, 0)).toBe(0);
    expect(backoffMs(3, LIMITS, ALMOST_ONE)).toBe(7_999);
  });

  it('stays a whole number of milliseconds within its bounds, however many tries there were', () => {
    const limits = fc.record({ baseMs: fc.integer({ min: 1, max: 3_600_000 }), maxMs: fc.integer({ min: 1 }) });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat({ max: 10_000 }), limits, random, (tries, given, drawn) => {
        const ms = backoffMs(tries, given, drawn);
        expect(Number.isSafeInteger(ms)).toBe(true);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThan(given.maxMs);
        expect(ms).toBeLessThan(given.baseMs * 2 ** tries);
      }),
    );
  });
});
