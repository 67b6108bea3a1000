import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { normalizeIban } from '../../domain/iban.js';
import type { KeyRing } from './key-ring.js';

const PURPOSE = 'blind-index';

/**
 * What an encrypted IBAN is found by: a keyed digest of it, different in every organization. Equal IBANs of one organization have
 * equal ones, and that is all it tells; without the key nobody can try IBANs out on it.
 */
export class BlindIndex {
  readonly #ring: KeyRing;
  readonly #keys = new Map<number, KeyObject>();

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  /** More than one key is known: rows may have been written under another one than the current. */
  get isRotating(): boolean {
    return this.#ring.ids.length > 1;
  }

  /** Of a row that is written now: 64 bits, signed like a bigint of PostgreSQL. */
  of(organizationId: string, iban: string): bigint {
    return this.#under(this.#ring.currentId, organizationId, iban);
  }

  /** Of rows that were written under the keys before the current one. */
  formerOf(organizationId: string, iban: string): bigint[] {
    return this.#ring.ids.slice(1).map((keyId) => this.#under(keyId, organizationId, iban));
  }

  /** Of rows that may have been written under any of the keys, the current one first. */
  allOf(organizationId: string, iban: string): bigint[] {
    return this.#ring.ids.map((keyId) => this.#under(keyId, organizationId, iban));
  }

  #under(keyId: number, organizationId: string, iban: string): bigint {
    const mac = createHmac('sha256', this.#key(keyId));
    // An organization's id has no line break: no two pairs run into one text.
    return mac
      .update(`${organizationId}\n${normalizeIban(iban)}`)
      .digest()
      .readBigInt64BE(0);
  }

  #key(keyId: number): KeyObject {
    let key = this.#keys.get(keyId);
    if (key === undefined) {
      key = createSecretKey(this.#ring.subkey(PURPOSE, keyId));
      this.#keys.set(keyId, key);
    }
    return key;
  }
}
