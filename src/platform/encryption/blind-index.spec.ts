import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { BlindIndex } from './blind-index.js';
import { KeyRing } from './key-ring.js';

const ringOf = (...secrets: Buffer[]): KeyRing =>
  new KeyRing(secrets.map((secret) => ({ name: undefined, secret: createSecretKey(secret) })));
const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const [ACME, OTHER] = ['0192f0aa-1111-7000-8000-000000000001', '0192f0aa-1111-7000-8000-000000000002'];
const IBAN = 'DE89370400440532013000';

describe('BlindIndex', () => {
  const ring = ringOf(oldKey);
  const index = new BlindIndex(ring);

  it('is the first 64 bits of HMAC-SHA-256 over organization and IBAN, as PostgreSQL reads them', () => {
    const digest = createHmac('sha256', ring.subkey('blind-index')).update(`${ACME}\n${IBAN}`).digest('hex');
    expect(index.of(ACME, IBAN)).toBe(BigInt.asIntN(64, BigInt(`0x${digest.slice(0, 16)}`)));
  });

  it('is the same however the IBAN is written, and another one for another IBAN or organization', () => {
    expect(index.of(ACME, 'de89 3704 0044 0532 0130 00')).toBe(index.of(ACME, IBAN));
    expect(index.of(ACME, 'FR1420041010050500013M02606')).not.toBe(index.of(ACME, IBAN));
    expect(index.of(OTHER, IBAN)).not.toBe(index.of(ACME, IBAN));
  });

  it('finds what was written under any key while one replaces another', () => {
    const both = new BlindIndex(ringOf(newKey, oldKey));
    expect(both.allOf(ACME, IBAN)).toEqual([new BlindIndex(ringOf(newKey)).of(ACME, IBAN), index.of(ACME, IBAN)]);
    expect(both.of(ACME, IBAN)).toBe(both.allOf(ACME, IBAN)[0]);
  });
});
