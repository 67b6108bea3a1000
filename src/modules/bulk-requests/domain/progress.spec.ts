import fc from 'fast-check';
import type { LineCounts } from './bulk-request.js';
import { progressOf } from './progress.js';

const NONE: LineCounts = {
  pending: 0,
  submitting: 0,
  submitted: 0,
  inDoubt: 0,
  manualReview: 0,
  settled: 0,
  failed: 0,
  cancelled: 0,
  returned: 0,
};

describe('the progress of a bulk', () => {
  it('is the share of lines that have ended, and the time the rest takes at that pace', () => {
    expect(progressOf({ ...NONE, pending: 750, settled: 249, failed: 1 }, 1_000, 10_000)).toEqual({
      percent: 25,
      etaSeconds: 30,
    });
  });

  it('knows no time before the first line has ended', () => {
    expect(progressOf({ ...NONE, pending: 10 }, 10, 10_000)).toEqual({ percent: 0, etaSeconds: null });
  });

  it('is complete when nothing is open, however the lines ended', () => {
    const ended = { ...NONE, settled: 1, failed: 1, cancelled: 1, returned: 1 };
    expect(progressOf(ended, 4, 10_000)).toEqual({ percent: 100, etaSeconds: 0 });
  });

  it('takes lines in flight, in doubt or with a person for open', () => {
    const open = { ...NONE, submitting: 1, submitted: 1, inDoubt: 1, manualReview: 1, settled: 4 };
    expect(progressOf(open, 8, 1_000).percent).toBe(50);
  });

  it('never reads as finished while a line is open', () => {
    const lines = fc.record({ open: fc.integer({ min: 1, max: 100_000 }), ended: fc.nat({ max: 100_000 }) });
    fc.assert(
      fc.property(lines, fc.nat({ max: 1_000_000 }), ({ open, ended }, elapsedMs) => {
        const progress = progressOf({ ...NONE, pending: open, settled: ended }, open + ended, elapsedMs);
        expect(progress.percent).toBeGreaterThanOrEqual(0);
        expect(progress.percent).toBeLessThan(100);
        if (ended > 0) expect(progress.etaSeconds).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
