import { createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { EncryptionKey } from '../../config/encryption-keys.js';
import { KeyRing } from './key-ring.js';
import { Unsealable } from './unsealable.js';

const key = (secret: Buffer, name?: string): EncryptionKey => ({ name, secret: createSecretKey(secret) });
const [first, second] = [randomBytes(32), randomBytes(32)];

describe('KeyRing', () => {
  it('knows a key by what it is, whatever its name and place', () => {
    const id = createHash('sha256').update('tranche encryption key id\n').update(first).digest().readUInt32BE(0);
    expect(new KeyRing([key(first)]).currentId).toBe(id);
    expect(new KeyRing([key(second), key(first, 'renamed')]).ids[1]).toBe(id);
  });

  it('encrypts with the first key', () => {
    const ring = new KeyRing([key(first), key(second)]);
    expect(ring.currentId).toBe(ring.ids[0]);
    expect(ring.ids).toHaveLength(2);
  });

  it('derives subkeys by HKDF-SHA-256', () => {
    // RFC 5869 by hand, for one block: extract with a salt of zeros, then expand.
    const extracted = createHmac('sha256', Buffer.alloc(32)).update(first).digest();
    const expected = createHmac('sha256', extracted).update('tranche subkey\nfor a test').update('\x01').digest();
    expect(new KeyRing([key(first)]).subkey('for a test')).toEqual(expected);
  });

  it('gives every purpose and every key another subkey, and the same one each time', () => {
    const ring = new KeyRing([key(first), key(second)]);
    const [, secondId] = ring.ids;
    const subkeys = [ring.subkey('a'), ring.subkey('b'), ring.subkey('a', secondId), ring.subkey('b', secondId)];
    expect(new Set(subkeys.map((subkey) => subkey.toString('hex'))).size).toBe(4);
    expect(ring.subkey('a', ring.currentId)).toEqual(ring.subkey('a'));
  });

  it('says when a key is not there', () => {
    expect(() => new KeyRing([key(first)]).subkey('a', 1)).toThrow(new Unsealable('encryption_key_unknown'));
    expect(() => new KeyRing([])).toThrow('needs a key');
  });

  it('takes no two keys of one id', () => {
    expect(() => new KeyRing([key(first), key(first)])).toThrow('same id');
  });
});
