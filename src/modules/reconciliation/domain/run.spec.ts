import { assertRunnable, isExhausted, MAX_ATTEMPTS, retryDelayMs } from './run.js';

const NOW = new Date('2026-11-21T00:00:00.000Z');
const request = (values: object = {}) => ({
  organizationId: null,
  rail: 'sandbox',
  from: new Date('2026-11-20T00:00:00.000Z'),
  to: NOW,
  ...values,
});
const refusal = (values: object): unknown => {
  try {
    assertRunnable(request(values), ['sandbox'], NOW);
  } catch (error) {
    return error;
  }
  return null;
};

describe('a run that is asked for', () => {
  it('is over a period that has begun and ended', () => {
    expect(refusal({})).toBeNull();
    expect(refusal({ to: new Date(NOW.getTime() + 1) })).toMatchObject({
      code: 'validation_failed',
      details: { errors: [{ pointer: '/to', code: 'in_the_future' }] },
    });
    expect(refusal({ from: NOW })).toMatchObject({
      code: 'validation_failed',
      details: { errors: [{ pointer: '/to', code: 'empty_period' }] },
    });
  });

  it('is about a rail that this installation has', () => {
    expect(refusal({ rail: 'http' })).toMatchObject({ code: 'rail_not_configured' });
  });
});

it('a rail that does not answer is asked with growing pauses, a few times', () => {
  expect([1, 2, 3, 4].map(retryDelayMs)).toEqual([15_000, 30_000, 60_000, 120_000]);
  expect(retryDelayMs(MAX_ATTEMPTS)).toBeNull();
  expect(retryDelayMs(MAX_ATTEMPTS + 1)).toBeNull();
});

it('a run is given up when its workers stopped as often as it may be tried', () => {
  expect([1, MAX_ATTEMPTS, MAX_ATTEMPTS + 1].map(isExhausted)).toEqual([false, false, true]);
});
