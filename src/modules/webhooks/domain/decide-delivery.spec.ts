import fc from 'fast-check';
import { type AttemptResult, decideDelivery, isReceivers } from './decide-delivery.js';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;
const SCHEDULE = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400].map((seconds) => seconds * SECOND);

const answered = (statusCode: number, retryAfterMs: number | null = null): AttemptResult => ({
  kind: 'answered',
  statusCode,
  retryAfterMs,
});
const decide = (result: AttemptResult, failedBefore = 0, random = 0) =>
  decideDelivery(result, failedBefore, SCHEDULE, random);

describe('an attempt that did not succeed', () => {
  it('is held against the receiver unless it never got that far', () => {
    expect(isReceivers(answered(500))).toBe(true);
    expect(isReceivers({ kind: 'failed', failure: 'dns_failure' })).toBe(true);
    expect(isReceivers({ kind: 'failed', failure: 'event_purged' })).toBe(false);
    expect(isReceivers({ kind: 'failed', failure: 'secret_unreadable' })).toBe(false);
    expect(isReceivers({ kind: 'failed', failure: 'interrupted' })).toBe(false);
  });
});

describe('what happens to a delivery after an attempt', () => {
  it.each([200, 201, 202, 204, 299])('ends with an answer of %d', (status) => {
    expect(decide(answered(status), 9)).toEqual({ kind: 'succeeded' });
  });

  it('is over when the receiver says that it is gone', () => {
    expect(decide(answered(410))).toEqual({ kind: 'gone' });
  });

  it.each([100, 199, 300, 301, 302, 307, 400, 401, 404, 409, 429, 500, 503])(
    'is tried again after an answer of %d: also one that would lead elsewhere',
    (status) => {
      expect(decide(answered(status))).toEqual({ kind: 'retry', delayMs: 5 * SECOND });
    },
  );

  it('follows the schedule, one attempt after the last pause, and then is given up', () => {
    const failed: AttemptResult = { kind: 'failed', failure: 'timed_out' };
    const pauses = SCHEDULE.map((_, failedBefore) => decide(failed, failedBefore));
    expect(pauses).toEqual(SCHEDULE.map((delayMs) => ({ kind: 'retry', delayMs })));
    expect(decide(failed, SCHEDULE.length)).toEqual({ kind: 'failed' });
  });

  it.each(['event_purged', 'endpoint_deleted'] as const)(
    'is given up at once when another attempt is no use: %s',
    (failure) => {
      expect(decide({ kind: 'failed', failure })).toEqual({ kind: 'failed' });
    },
  );

  it.each([
    [429, 60 * SECOND, 60 * SECOND],
    [503, 60 * SECOND, 60 * SECOND],
    [503, 1 * SECOND, 5 * SECOND],
    [429, DAY, DAY],
    [500, 60 * SECOND, 5 * SECOND],
  ])('with %d and Retry-After of %d ms waits %d ms', (status, retryAfterMs, delayMs) => {
    expect(decide(answered(status, retryAfterMs))).toEqual({ kind: 'retry', delayMs });
  });

  it('is never tried earlier than the schedule says, nor more than a fifth later', () => {
    const place = fc.integer({ min: 0, max: SCHEDULE.length - 1 });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(place, random, (failedBefore, share) => {
        const decision = decide(answered(500), failedBefore, share);
        const pauseMs = SCHEDULE[failedBefore] ?? 0;
        expect(decision.kind).toBe('retry');
        const { delayMs } = decision as { delayMs: number };
        expect(delayMs).toBeGreaterThanOrEqual(pauseMs);
        expect(delayMs).toBeLessThanOrEqual(pauseMs * 1.2);
      }),
    );
  });
});
