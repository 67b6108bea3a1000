import { createLogger } from '../logging/index.js';
import type { Wake } from '../queue/wake.js';
import { Loops } from './loops.js';

jest.mock('../logging/index.js', () => {
  const logger = { warn: jest.fn(), error: jest.fn() };
  return { createLogger: () => logger };
});

const { warn } = jest.mocked(createLogger('loops'));

describe('a turn of a loop that does not end', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => {
    jest.useRealTimers();
    warn.mockClear();
  });

  const start = (run: () => Promise<boolean>): void => {
    const loops = new Loops({ listen: () => undefined } as unknown as Wake);
    loops.add({ name: 'slow', intervalMs: 1_000, wakesOn: null, run });
    loops.start();
  };

  it('is told of once after a minute, and not given up', async () => {
    const run = jest.fn(() => new Promise<boolean>(() => undefined));
    start(run);
    await jest.advanceTimersByTimeAsync(59_999);
    expect(warn).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(600_000);
    expect(warn.mock.calls).toEqual([[{ event: 'loop_stuck', loop: 'slow', for_ms: 60_000 }]]);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('is not one of many turns that each end', async () => {
    let turns = 0;
    start(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      turns += 1;
      return true;
    });
    await jest.advanceTimersByTimeAsync(300_000);
    expect(turns).toBeGreaterThan(20);
    expect(warn).not.toHaveBeenCalled();
  });
});
