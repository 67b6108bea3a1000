import { isSignatureForm, isSignatureOf, signRequest } from './signature.js';

const SECRET = 'trs_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';
const PARTS = {
  method: 'POST',
  target: '/api/v1/bulk-requests?dry_run=true',
  timestamp: '1795262400',
  nonce: 'f3b1c2d4-0001-4c5e',
};
const BODY = Buffer.from('{"a":1}');

describe('the signature of a request', () => {
  it('is that of the known answer in docs/authentication.md', () => {
    expect(signRequest(SECRET, PARTS, BODY)).toBe(
      'v1=f9878309e5b3c98bc6537e1af6a9b452223264ef5419f686765604d525c4dc87',
    );
    expect(signRequest(SECRET, { ...PARTS, method: 'GET', target: '/api/v1/accounts' })).toBe(
      'v1=ab24af9de0dd71541ae15ee774cf586e4b7e0f1f58975346201567ac6418b716',
    );
  });

  it('holds for exactly this request, body and secret', () => {
    const signature = signRequest(SECRET, PARTS, BODY);
    expect(isSignatureOf(signature, SECRET, PARTS, BODY)).toBe(true);
    expect(isSignatureOf(signature, `${SECRET}x`, PARTS, BODY)).toBe(false);
    expect(isSignatureOf(signature, SECRET, PARTS, Buffer.from('{"a":2}'))).toBe(false);
    expect(isSignatureOf(signature, SECRET, PARTS)).toBe(false);
    const others = {
      method: 'PUT',
      target: '/api/v1/bulk-requests',
      timestamp: '1795262401',
      nonce: 'another-nonce-17',
    };
    for (const [part, value] of Object.entries(others)) {
      expect(isSignatureOf(signature, SECRET, { ...PARTS, [part]: value }, BODY)).toBe(false);
    }
  });

  it('of a request without a body is that of an empty one', () => {
    expect(signRequest(SECRET, PARTS)).toBe(signRequest(SECRET, PARTS, Buffer.alloc(0)));
  });

  it.each([
    '',
    'v1=',
    `v1=${'A'.repeat(64)}`,
    `v1=${'a'.repeat(63)}`,
    `v2=${'a'.repeat(64)}`,
    `v1=${'a'.repeat(64)}\n`,
  ])('does not look like %j', (text) => {
    expect(isSignatureForm(text)).toBe(false);
  });
});
