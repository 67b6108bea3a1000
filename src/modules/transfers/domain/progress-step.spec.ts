import fc from 'fast-check';
import { stepReached } from './progress-step.js';

describe('the progress of a bulk', () => {
  it.each([
    ['nothing before a tenth has ended', 0, 9, 100, null],
    ['a tenth', 9, 10, 100, 10],
    ['nothing within a tenth', 10, 19, 100, null],
    ['the last of several tenths', 5, 77, 100, 70],
    ['nothing when all have ended', 90, 100, 100, null],
    ['thirds as the tenths below them', 1, 2, 3, 60],
  ])('is told as %s', (_, before, after, total, step) => {
    expect(stepReached({ before, after, total })).toBe(step);
  });

  it('is told at most nine times, each once and in order, however lines end', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(sizes, (parts) => {
        const total = parts.reduce((sum, part) => sum + part, 0);
        let before = 0;
        const steps: number[] = [];
        for (const part of parts) {
          const step = stepReached({ before, after: before + part, total });
          if (step !== null) steps.push(step);
          before += part;
        }
        expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
        expect(steps.every((step) => step % 10 === 0 && step > 0 && step < 100)).toBe(true);
      }),
    );
  });
});
