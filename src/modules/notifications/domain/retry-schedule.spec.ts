import { RETRY_PAUSES_MS, stepAfter } from './retry-schedule.js';

const retry = (retryAfterMs: number | null = null) => ({ kind: 'retry', failure: 'timed_out', retryAfterMs }) as const;

describe('the schedule of attempts', () => {
  it('waits a minute, 5 minutes, half an hour, 2 hours and 6 hours, and then gives up', () => {
    const steps = [1, 2, 3, 4, 5, 6].map((attempts) => stepAfter(attempts, retry()));
    const pauses = [60_000, 300_000, 1_800_000, 7_200_000, 21_600_000];
    expect(steps).toEqual([
      ...pauses.map((pauseMs) => ({ status: 'pending', failure: 'timed_out', pauseMs })),
      { status: 'failed', failure: 'timed_out' },
    ]);
    expect(RETRY_PAUSES_MS).toEqual(pauses);
  });

  it('ends with whoever takes it, and remembers what was wrong nevertheless', () => {
    expect(stepAfter(1, { kind: 'sent', failure: null })).toEqual({ status: 'sent', failure: null });
    const partly = { kind: 'sent', failure: 'recipients_refused' } as const;
    expect(stepAfter(6, partly)).toEqual({ status: 'sent', failure: 'recipients_refused' });
  });

  it('does not try again what is refused for good', () => {
    const refused = { kind: 'refused', failure: 'smtp_550' } as const;
    expect(stepAfter(1, refused)).toEqual({ status: 'failed', failure: 'smtp_550' });
  });

  it('waits longer when the receiver asks for it, and never less', () => {
    expect(stepAfter(1, retry(600_000))).toMatchObject({ pauseMs: 600_000 });
    expect(stepAfter(1, retry(1_000))).toMatchObject({ pauseMs: 60_000 });
  });

  it('gives up even when attempts were lost with the workers that made them', () => {
    expect(stepAfter(9, retry())).toEqual({ status: 'failed', failure: 'timed_out' });
  });
});
