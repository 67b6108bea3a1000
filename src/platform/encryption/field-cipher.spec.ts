import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { FieldCipher } from './field-cipher.js';
import { KeyRing } from './key-ring.js';
import { Unsealable, type UnsealableCode } from './unsealable.js';

const ringOf = (...secrets: Buffer[]): KeyRing =>
  new KeyRing(secrets.map((secret) => ({ name: undefined, secret: createSecretKey(secret) })));
const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const ring = ringOf(oldKey);
const cipher = new FieldCipher(ring);
const IBAN = 'DE89370400440532013000';
const ROW = 'transfers\nan organization\na transfer';

const refused = (code: UnsealableCode): Unsealable => new Unsealable(code);

describe('FieldCipher', () => {
  it('opens what node:crypto sealed by hand in this layout', () => {
    const nonce = randomBytes(12);
    const gcm = createCipheriv('aes-256-gcm', ring.subkey('field-cipher'), nonce).setAAD(Buffer.from(ROW));
    const keyId = Buffer.alloc(4);
    keyId.writeUInt32BE(ring.currentId);
    const text = Buffer.concat([gcm.update(IBAN, 'utf8'), gcm.final()]);
    expect(cipher.open(Buffer.concat([Buffer.of(1), keyId, nonce, text, gcm.getAuthTag()]), ROW)).toBe(IBAN);
  });

  it('round trips every text under every associated data', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, associated) => {
        expect(cipher.open(cipher.seal(text, associated), associated)).toBe(text);
      }),
    );
  });

  it('never seals twice the same, nor uses a nonce twice', () => {
    const sealed = Array.from({ length: 5_000 }, () => cipher.seal(IBAN, ROW));
    expect(new Set(sealed.map((one) => one.subarray(5, 17).toString('hex'))).size).toBe(5_000);
    expect(new Set(sealed.map((one) => one.subarray(17).toString('hex'))).size).toBe(5_000);
  });

  it('does not share memory with a later one', () => {
    const one = cipher.seal(IBAN, ROW);
    const copy = Buffer.from(one);
    for (let index = 0; index < 3_000; index++) cipher.seal('another', ROW);
    expect(one).toEqual(copy);
  });

  it('refuses the row of another', () => {
    const sealed = cipher.seal(IBAN, ROW);
    expect(() => cipher.open(sealed, 'transfers\nan organization\nanother transfer')).toThrow(
      refused('sealed_value_refused'),
    );
    expect(() => cipher.open(sealed, 'transfers\nanother organization\na transfer')).toThrow(
      refused('sealed_value_refused'),
    );
  });

  it('refuses every changed byte, and tells nothing of what it holds', () => {
    const sealed = cipher.seal(IBAN, ROW);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const code = at === 0 ? 'sealed_value_malformed' : at < 5 ? 'encryption_key_unknown' : 'sealed_value_refused';
      expect(() => cipher.open(changed, ROW)).toThrow(refused(code));
      expect(() => cipher.open(changed, ROW)).not.toThrow(IBAN);
    }
  });

  it('refuses every truncation', () => {
    const sealed = cipher.seal(IBAN, ROW);
    for (let length = 0; length < sealed.length; length++) {
      const code = length < 33 ? 'sealed_value_malformed' : 'sealed_value_refused';
      expect(() => cipher.open(sealed.subarray(0, length), ROW)).toThrow(refused(code));
    }
  });

  it('goes over to a new key: the old one still opens, the new one seals, and without the old one its values stay shut', () => {
    const before = cipher.seal(IBAN, ROW);
    const both = new FieldCipher(ringOf(newKey, oldKey));
    const after = both.seal(IBAN, ROW);
    expect(both.open(before, ROW)).toBe(IBAN);
    expect(both.open(after, ROW)).toBe(IBAN);
    const onlyNew = new FieldCipher(ringOf(newKey));
    expect(onlyNew.open(after, ROW)).toBe(IBAN);
    expect(() => onlyNew.open(before, ROW)).toThrow(refused('encryption_key_unknown'));
  });
});
