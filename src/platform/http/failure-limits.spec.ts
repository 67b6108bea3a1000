import { blockMs, LocalFailures, STRIKES_FORGOTTEN_MS, WINDOW_MS } from './failure-limits.js';

const NOW = 1_000_000;

describe('failed attempts', () => {
  it('block for longer each time, up to an hour', () => {
    expect([1, 2, 3, 6, 7, 50].map(blockMs)).toEqual([60_000, 120_000, 240_000, 1_920_000, 3_600_000, 3_600_000]);
  });

  it('block with the last one that is allowed within a minute, and only whom they came from', () => {
    const failures = new LocalFailures(3, 100);
    expect([failures.count('a', NOW), failures.count('a', NOW + 1)]).toEqual([0, 0]);
    expect(failures.blockedForMs('a', NOW + 2)).toBe(0);
    expect(failures.count('a', NOW + 2)).toBe(60_000);
    expect(failures.blockedForMs('a', NOW + 3)).toBe(59_999);
    expect(failures.blockedForMs('b', NOW + 3)).toBe(0);
    expect(failures.blockedForMs('a', NOW + 60_002)).toBe(0);
  });

  it('are forgotten after a minute, and blocks after a day', () => {
    const failures = new LocalFailures(2, 100);
    failures.count('a', NOW);
    expect(failures.count('a', NOW + WINDOW_MS)).toBe(0);
    expect(failures.count('a', NOW + WINDOW_MS + 1)).toBe(60_000);
    const next = NOW + 5 * WINDOW_MS;
    failures.count('a', next);
    expect(failures.count('a', next)).toBe(120_000);
    const muchLater = next + 120_000 + STRIKES_FORGOTTEN_MS;
    failures.count('a', muchLater);
    expect(failures.count('a', muchLater)).toBe(60_000);
  });

  it('that another process counted are believed, and never shorten a block', () => {
    const failures = new LocalFailures(2, 100);
    expect(failures.block('a', 500, NOW)).toBe(500);
    expect(failures.block('a', 100, NOW)).toBe(500);
    expect(failures.blockedForMs('a', NOW + 100)).toBe(400);
  });

  it('are kept for a bounded number of clients', () => {
    const failures = new LocalFailures(1, 2);
    for (const client of ['a', 'b', 'a', 'c']) failures.count(client, NOW);
    expect(['a', 'b', 'c'].map((client) => failures.blockedForMs(client, NOW) > 0)).toEqual([true, false, true]);
  });
});
