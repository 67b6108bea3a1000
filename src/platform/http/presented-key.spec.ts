import { basicPassword, isToken, presentedKey, refuseKeyInQuery } from './presented-key.js';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a presented key', () => {
  it('is the Bearer token or the X-API-Key header, or both when they are the same', () => {
    expect(presentedKey({ authorization: 'Bearer trk_a_b' })).toBe('trk_a_b');
    expect(presentedKey({ 'x-api-key': 'trk_a_b' })).toBe('trk_a_b');
    expect(presentedKey({ authorization: 'BEARER  trk_a_b', 'x-api-key': 'trk_a_b' })).toBe('trk_a_b');
  });

  it.each([
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer a b' },
    { authorization: 'Token trk_a_b' },
    { 'x-api-key': '' },
    { 'x-api-key': ['a', 'b'] },
    { 'x-api-key': 'x'.repeat(513) },
    { authorization: 'Bearer a', 'x-api-key': 'b' },
    // A header that is wrong is not made good by the other one.
    { authorization: 'Basic abc', 'x-api-key': 'b' },
  ])('is not found in %j', (headers) => {
    expect(() => presentedKey(headers)).toThrow(expect.objectContaining({ kind: 'unauthenticated' }) as Error);
  });

  it.each(['/a', '/a?', '/a?limit=5&cursor=abc', '/a?keys=x', '/a?x=a_trk_'])(
    'may not be needed: %s has none',
    (url) => {
      expect(() => refuseKeyInQuery(url)).not.toThrow();
    },
  );

  it.each([
    '/a?key=x',
    '/a?API_KEY=x',
    '/a?b=1&token=',
    '/a?access_token=x',
    '/a?b=trk_x',
    '/a?trk_x',
    '/a?b=trs_x',
    '/a?b=eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.',
    '/a?%6bey=x',
    '/a?b=%74rk_x',
  ])('has no business in a query: %s', (url) => {
    expect(() => refuseKeyInQuery(url)).toThrow(expect.objectContaining({ kind: 'unauthenticated' }) as Error);
  });
});

describe('a token', () => {
  const TOKEN = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln';

  it('is told from a key by its form', () => {
    expect(isToken(TOKEN)).toBe(true);
    expect(isToken('eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.')).toBe(true);
    for (const other of ['trk_a_b', 'a.b.c', 'eyJhbGciOiJFUzI1NiJ9.e30', `${TOKEN}.x`, `${TOKEN}\n`, '']) {
      expect(isToken(other)).toBe(false);
    }
  });

  it('may be longer than a key, and not endless', () => {
    const long = (length: number) => `eyJhbGciOiJFUzI1NiJ9.eyJ4Ijoi.${'x'.repeat(length)}`;
    expect(presentedKey({ authorization: `Bearer ${long(8_000)}` })).toBe(long(8_000));
    expect(() => presentedKey({ authorization: `Bearer ${long(8_192)}` })).toThrow();
  });
});

describe('HTTP Basic', () => {
  it('has the key as the password, whatever the name, and colons in it', () => {
    expect(basicPassword(basic('anybody:trk_a_b'))).toBe('trk_a_b');
    expect(basicPassword(basic(':trk:a'))).toBe('trk:a');
  });

  it.each([
    undefined,
    '',
    'Basic',
    'Basic !!!',
    basic('nocolon'),
    basic('name:'),
    'Bearer abc',
    basic(`:${'x'.repeat(600)}`),
  ])('has none in %j', (header) => {
    expect(basicPassword(header)).toBeNull();
  });
});
