import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { KeyRing } from '../../../platform/encryption/index.js';
import type { KeyHash } from '../domain/api-key.js';

const PURPOSE = 'api-keys';

type StoredHash = KeyHash & { readonly secretHash: Buffer };

/**
 * Keeps keys as HMAC-SHA256 under a subkey of the ring: a copy of the database alone is not enough to try keys out on. There is no
 * stretching: the secret is 256 random bits, there is no dictionary to try.
 */
@Injectable()
export class KeyHasher {
  /** The hash of no key. It is compared where there is none to compare, so that both ways take the same time. */
  private readonly nobody: StoredHash;

  constructor(private readonly ring: KeyRing) {
    this.nobody = { secretHash: randomBytes(32), hashKeyId: ring.currentId };
  }

  /** Under the current key of the ring. */
  hash(text: string): StoredHash {
    const hashKeyId = this.ring.currentId;
    return { secretHash: this.hmac(text, hashKeyId), hashKeyId };
  }

  /** `stored` null: there is no such key, which takes as long to find out as that the secret is wrong. */
  isHashOf(stored: StoredHash | null, text: string): boolean {
    const { secretHash, hashKeyId } = stored ?? this.nobody;
    const presented = hashKeyId === null ? sha256(text) : this.hmac(text, hashKeyId);
    return timingSafeEqual(presented, secretHash) && stored !== null;
  }

  isCurrent({ hashKeyId }: Pick<KeyHash, 'hashKeyId'>): boolean {
    return hashKeyId === this.ring.currentId;
  }

  /** Whether the ring still has the key that the hash was made under. */
  isKnown({ hashKeyId }: Pick<KeyHash, 'hashKeyId'>): boolean {
    return hashKeyId === null || this.ring.ids.includes(hashKeyId);
  }

  private hmac(text: string, hashKeyId: number): Buffer {
    return createHmac('sha256', this.ring.subkey(PURPOSE, hashKeyId)).update(text).digest();
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
