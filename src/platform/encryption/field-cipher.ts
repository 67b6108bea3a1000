import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomFillSync } from 'node:crypto';
import type { KeyRing } from './key-ring.js';
import { KEY_ID_AT, NONCE_AT, NONCE_BYTES, TAG_BYTES, TEXT_AT, VERSION } from './sealed-layout.js';
import { Unsealable } from './unsealable.js';

const ALGORITHM = 'aes-256-gcm';
const PURPOSE = 'field-cipher';
const AUTH_TAG = { authTagLength: TAG_BYTES };
/** Random bytes cost a call into the system each time, so they come in blocks. */
const NONCES_PER_BLOCK = 1_024;

/**
 * Encrypts single fields with AES-256-GCM. What a value belongs to (its column, organization and row) is authenticated with it as
 * associated data: moved to another row, it does not open.
 */
export class FieldCipher {
  readonly #ring: KeyRing;
  readonly #keys = new Map<number, KeyObject>();
  readonly #nonces = Buffer.alloc(NONCES_PER_BLOCK * NONCE_BYTES);
  #nonceAt = this.#nonces.length;

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  /** @param associated has to be the same when it is opened */
  seal(text: string, associated: string): Buffer {
    const keyId = this.#ring.currentId;
    const nonce = this.#nextNonce();
    const cipher = createCipheriv(ALGORITHM, this.#key(keyId), nonce, AUTH_TAG);
    cipher.setAAD(Buffer.from(associated));
    const encrypted = cipher.update(text, 'utf8');
    cipher.final(); // GCM adds nothing to the text
    const sealed = Buffer.allocUnsafe(TEXT_AT + encrypted.length + TAG_BYTES);
    sealed[0] = VERSION;
    sealed.writeUInt32BE(keyId, KEY_ID_AT);
    sealed.set(nonce, NONCE_AT);
    sealed.set(encrypted, TEXT_AT);
    sealed.set(cipher.getAuthTag(), TEXT_AT + encrypted.length);
    return sealed;
  }

  /** @throws Unsealable when it was changed, belongs to something else, or its key is not there */
  open(sealed: Uint8Array, associated: string): string {
    const tagAt = sealed.length - TAG_BYTES;
    if (!isSealed(sealed)) throw new Unsealable('sealed_value_malformed');
    const key = this.#key(keyIdOf(sealed));
    const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(NONCE_AT, TEXT_AT), AUTH_TAG);
    decipher.setAAD(Buffer.from(associated));
    decipher.setAuthTag(sealed.subarray(tagAt));
    const text = decipher.update(sealed.subarray(TEXT_AT, tagAt), undefined, 'utf8');
    try {
      // Until here nothing is known to be genuine.
      return text + decipher.final('utf8');
    } catch {
      throw new Unsealable('sealed_value_refused');
    }
  }

  #key(keyId: number): KeyObject {
    let key = this.#keys.get(keyId);
    if (key === undefined) {
      key = createSecretKey(this.#ring.subkey(PURPOSE, keyId));
      this.#keys.set(keyId, key);
    }
    return key;
  }

  #nextNonce(): Buffer {
    if (this.#nonceAt === this.#nonces.length) {
      randomFillSync(this.#nonces);
      this.#nonceAt = 0;
    }
    const nonce = this.#nonces.subarray(this.#nonceAt, this.#nonceAt + NONCE_BYTES);
    this.#nonceAt += NONCE_BYTES;
    return nonce;
  }
}

/** The key a value is sealed under. */
const keyIdOf = (sealed: Uint8Array): number =>
  Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).readUInt32BE(KEY_ID_AT);

const isSealed = (bytes: Uint8Array): boolean => bytes[0] === VERSION && bytes.length >= TEXT_AT + TAG_BYTES;
