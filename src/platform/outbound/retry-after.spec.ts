import { retryAfterMs } from './retry-after.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const DAY_MS = 86_400_000;

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    [' 7 ', 7_000],
    ['86401', DAY_MS],
    ['9'.repeat(400), DAY_MS],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['Sunday, 01-Mar-26 12:00:30 GMT', 30_000],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['Sat, 01 Mar 2036 12:00:00 GMT', DAY_MS],
  ])('%j', (header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  });

  it.each([undefined, '', '-1', '1.5', '0x10', '1e3', 'soon', '2026-03-01T12:00:30Z', 'Xyz, 99 Foo 2026 12:00:30 GMT'])(
    'does not understand %j',
    (header) => expect(retryAfterMs(header, NOW)).toBeNull(),
  );
});
