import type { SendOutcome } from './notification-channel.js';
import type { PartlyTaken } from './partly-taken.js';
import { type NextStep, RETRY_PAUSES_MS, stepAfter as decide } from './retry-schedule.js';

const retry = (retryAfterMs: number | null = null) => ({ kind: 'retry', failure: 'timed_out', retryAfterMs }) as const;
const stepAfter = (attempts: number, outcome: SendOutcome, progress: PartlyTaken | null = null): NextStep =>
  decide(attempts, outcome, progress, 0);

describe('the schedule of attempts', () => {
  it('waits a minute, 5 minutes, half an hour, 2 hours and 6 hours, and then gives up', () => {
    const steps = [1, 2, 3, 4, 5, 6].map((attempts) => stepAfter(attempts, retry()));
    const pauses = [60_000, 300_000, 1_800_000, 7_200_000, 21_600_000];
    expect(steps).toEqual([
      ...pauses.map((pauseMs) => ({ status: 'pending', failure: 'timed_out', pauseMs, progress: null })),
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

  it('waits up to a fifth longer, so that what failed together does not come back together', () => {
    expect(decide(1, retry(), null, 0.5)).toMatchObject({ pauseMs: 66_000 });
    expect(decide(1, retry(), null, 0.999_999)).toMatchObject({ pauseMs: 71_999 });
    expect(decide(1, retry(600_000), null, 0.5)).toMatchObject({ pauseMs: 600_000 });
  });

  it('goes on for those who put a mail off, and does not forget who refused it', () => {
    const putOff = { kind: 'partly', failure: 'smtp_451', taken: 1, deferred: ['a'] } as const;
    const progress = { version: 1, left: [2], taken: 1, refused: 1 };
    const pending = { status: 'pending', failure: 'smtp_451', pauseMs: 60_000, progress };
    expect(stepAfter(1, putOff, progress)).toEqual(pending);
    expect(stepAfter(2, retry(), progress)).toMatchObject({ status: 'pending', progress });
    expect(stepAfter(2, { kind: 'sent', failure: null }, { ...progress, refused: 0 })).toEqual({
      status: 'sent',
      failure: null,
    });
    const partly = { status: 'sent', failure: 'recipients_refused' };
    expect(stepAfter(2, { kind: 'sent', failure: null }, progress)).toEqual(partly);
    expect(stepAfter(2, { kind: 'refused', failure: 'smtp_550' }, progress)).toEqual(partly);
    expect(stepAfter(6, putOff, progress)).toEqual(partly);
    expect(stepAfter(6, putOff, { ...progress, taken: 0 })).toEqual({ status: 'failed', failure: 'smtp_451' });
  });
});
