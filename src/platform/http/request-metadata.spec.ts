import { idempotencyKeyOf } from './idempotency-key.js';
import { loggablePath } from './loggable-path.js';
import { holdsScopes } from './scopes.js';
import { requestIdOf } from './request-id.js';

describe('the Idempotency-Key', () => {
  it.each([
    ['abc', 'abc'],
    ['"abc"', 'abc'],
    ['""abc""', '"abc"'],
    ['"', '"'],
    ['!~', '!~'],
    ['x'.repeat(255), 'x'.repeat(255)],
    [`"${'x'.repeat(255)}"`, 'x'.repeat(255)],
  ])('%s means %s', (header, key) => {
    expect(idempotencyKeyOf(header)).toBe(key);
  });

  it('may be left out', () => {
    expect(idempotencyKeyOf(undefined)).toBeNull();
  });

  it.each(['', '""', ' ', 'a b', 'one, two', '"one", "two"', 'ü', '\x7f', 'x'.repeat(256), ['a', 'b']])(
    'is refused: %j',
    (header) => {
      expect(() => idempotencyKeyOf(header)).toThrow(
        expect.objectContaining({ code: 'invalid_idempotency_key' }) as Error,
      );
    },
  );
});

describe('the request id', () => {
  it('is the caller’s when it fits a log line and a header', () => {
    expect(requestIdOf('Abc-1_2.3')).toBe('Abc-1_2.3');
    expect(requestIdOf('x'.repeat(128))).toBe('x'.repeat(128));
  });

  it.each([undefined, '', 'a b', 'x'.repeat(129), 'a\n', ['a', 'b'], 'é'])(
    'is a new one instead of %j',
    (presented) => {
      expect(requestIdOf(presented)).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

describe('scopes', () => {
  const holder = (...scopes: string[]) => ({
    kind: 'key' as const,
    keyId: 'k',
    organizationId: 'o',
    scopes: new Set(scopes),
    actor: { kind: 'key' as const, id: 'k', keyId: 'k' },
    signingSecret: null,
  });

  it('are needed all, literally', () => {
    expect(holdsScopes(holder('a:read', 'a:write'), ['a:read', 'a:write'])).toBe(true);
    expect(holdsScopes(holder('a:write'), ['a:read'])).toBe(false);
    expect(holdsScopes(holder('a:read'), ['a:read', 'b:read'])).toBe(false);
  });

  it('are implied by admin', () => {
    expect(holdsScopes(holder('admin'), ['a:read', 'b:write'])).toBe(true);
  });
});

describe('a path in a log or an answer', () => {
  it.each([
    '/api/v1/bulk-requests/0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d/retry-failed',
    '/docs/swagger-ui.css',
    '/',
    '/internal/jobs/bulk-completions',
  ])('is shown as it is: %s', (path) => {
    expect(loggablePath(path)).toBe(path);
  });

  it.each([
    ['/accounts/DE89370400440532013000', '/accounts/…'],
    ['/accounts/trk_abc1_def', '/accounts/…'],
    ['/a/John%20Doe', '/a/…'],
    ['/a/123', '/a/…'],
  ])('does not show what may be somebody’s: %s', (path, shown) => {
    expect(loggablePath(path)).toBe(shown);
  });

  it('is not longer than a line', () => {
    expect(loggablePath('/abc'.repeat(500)).length).toBe(200);
  });
});
