import fc from 'fast-check';
import { linesWithin, type Pace, paceAfter } from './throughput.js';

const limits = { concurrency: 50, ratePerSecond: 0 };

describe('a window', () => {
  it('is one wave before anything is known, and no more than the rate allows', () => {
    expect(linesWithin(15_000, null, limits)).toBe(50);
    expect(linesWithin(15_000, null, { concurrency: 50, ratePerSecond: 2 })).toBe(30);
    expect(linesWithin(100, null, { concurrency: 50, ratePerSecond: 2 })).toBe(1);
  });

  it('holds what the last batches would have sent in its time', () => {
    const pace = paceAfter(null, { lines: 500, elapsedMs: 1_000 }, limits);
    expect(linesWithin(4_000, pace, limits)).toBe(2_000);
    expect(linesWithin(60_000, pace, limits)).toBe(5_000);
    expect(linesWithin(4_000, pace, { concurrency: 50, ratePerSecond: 100 })).toBe(400);
  });

  it('does not take a rail for slow because a batch was small', () => {
    const pace = paceAfter(null, { lines: 1, elapsedMs: 1_000 }, limits);
    expect(linesWithin(10_000, pace, limits)).toBe(500);
  });

  it('shrinks down to one line with a rail that becomes slow, and grows again', () => {
    const follow = (pace: Pace, elapsedMs: number, times: number): Pace =>
      times === 0 ? pace : follow(paceAfter(pace, { lines: 50, elapsedMs }, limits), elapsedMs, times - 1);
    const slow = follow(follow(null, 10, 5), 30_000, 40);
    expect(linesWithin(500, slow, limits)).toBe(1);
    expect(linesWithin(15_000, slow, limits)).toBe(25);
    expect(linesWithin(15_000, follow(slow, 100, 20), limits)).toBe(5_000);
  });

  it('learns nothing from a batch of which nothing was sent', () => {
    expect(paceAfter(null, { lines: 0, elapsedMs: 5 }, limits)).toBeNull();
    expect(paceAfter(2, { lines: 0, elapsedMs: 5 }, limits)).toBe(2);
  });

  it('always has 1 to 5,000 lines, whatever was seen', () => {
    const batches = fc.array(
      fc.record({ lines: fc.nat(10_000), elapsedMs: fc.double({ min: 0, max: 1e9, noNaN: true }) }),
    );
    const settings = fc.record({ concurrency: fc.integer({ min: 1, max: 1_000 }), ratePerSecond: fc.nat(100_000) });
    fc.assert(
      fc.property(batches, settings, fc.double({ min: 0, max: 1e9, noNaN: true }), (seen, given, budgetMs) => {
        const pace = seen.reduce<Pace>((before, batch) => paceAfter(before, batch, given), null);
        const lines = linesWithin(budgetMs, pace, given);
        expect(Number.isInteger(lines) && lines >= 1 && lines <= 5_000).toBe(true);
      }),
    );
  });
});
