const STEP_PERCENT = 10;

/**
 * The last tenth that was reached by lines ending, in percent; null when none was. The first lines reach none, and the last are not told
 * as progress: then the bulk has ended.
 */
export function stepReached({ before, after, total }: { before: number; after: number; total: number }): number | null {
  const stepsOf = (ended: number): number => Math.floor((ended * 100) / total / STEP_PERCENT);
  const step = stepsOf(after);
  return after < total && step > stepsOf(before) ? step * STEP_PERCENT : null;
}
