import { createHash, hkdfSync, type KeyObject } from 'node:crypto';
import type { EncryptionKey } from '../../config/encryption-keys.js';
import { Unsealable } from './unsealable.js';

const ID_LABEL = 'tranche encryption key id\n';
const SUBKEY_LABEL = 'tranche subkey\n';
const SUBKEY_BYTES = 32;

/**
 * The keys that data is encrypted under: the first encrypts, all decrypt. A key is known by an id that follows from the key itself,
 * so none can be mislabelled, and no key is used as it is: every purpose has its own subkey.
 */
export class KeyRing {
  /** Of the key that encrypts. */
  readonly currentId: number;
  /** The same as sealed values and their tables have it: 4 bytes, big-endian. */
  readonly currentIdBytes = Buffer.alloc(4);
  /** Of all keys, the current one first. */
  readonly ids: readonly number[];
  readonly #secrets = new Map<number, KeyObject>();
  readonly #subkeys = new Map<string, Buffer>();

  /** @param keys as the configuration has them, at least one */
  constructor(keys: readonly EncryptionKey[]) {
    for (const { secret } of keys) this.#secrets.set(idOf(secret), secret);
    this.ids = [...this.#secrets.keys()];
    const [current] = this.ids;
    if (current === undefined) throw new Error('A key ring needs a key');
    if (this.ids.length < keys.length) throw new Error('Two encryption keys have the same id: make another one');
    this.currentId = current;
    this.currentIdBytes.writeUInt32BE(current);
  }

  /**
   * 32 bytes for one purpose, by HKDF-SHA-256.
   *
   * @param purpose a constant of the code, never of a request: each one is kept
   * @throws Unsealable when there is no such key
   */
  subkey(purpose: string, keyId: number = this.currentId): Buffer {
    const name = `${keyId}\n${purpose}`;
    const known = this.#subkeys.get(name);
    if (known !== undefined) return known;
    const secret = this.#secrets.get(keyId);
    if (secret === undefined) throw new Unsealable('encryption_key_unknown');
    const subkey = Buffer.from(hkdfSync('sha256', secret, '', `${SUBKEY_LABEL}${purpose}`, SUBKEY_BYTES));
    this.#subkeys.set(name, subkey);
    return subkey;
  }
}

const idOf = (secret: KeyObject): number =>
  createHash('sha256').update(ID_LABEL).update(secret.export()).digest().readUInt32BE(0);
