import { requestIdOf } from './request-id.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe('the request id', () => {
  it.each([
    'abc-123',
    'payroll-2026-11.acme',
    '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d',
    '4bf92f3577b34da6a3ce929d0e0e4736',
  ])("is the caller's own: %s", (presented) => {
    expect(requestIdOf(presented)).toBe(presented);
  });

  it.each([
    undefined,
    '',
    'two words',
    'x'.repeat(129),
    ['a', 'b'],
    'DE89370400440532013000',
    'pay.de89370400440532013000',
  ])('is a new one in place of %s', (presented) => {
    expect(requestIdOf(presented)).toMatch(UUID);
  });
});
