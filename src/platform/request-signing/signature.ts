import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What a signature says about the request it came with, besides its body. */
export interface SignedParts {
  readonly method: string;
  /** As it was sent, with the query. */
  readonly target: string;
  /** Unix time in seconds, in digits. */
  readonly timestamp: string;
  readonly nonce: string;
}

const EMPTY = Buffer.alloc(0);
const SIGNATURE = /^v1=([0-9a-f]{64})$/;
export const NONCE = /^[\x21-\x7e]{16,64}$/;
/** Ten digits last until the year 2286. */
export const TIMESTAMP = /^[0-9]{10}$/;

/** HMAC-SHA256, in hex, over the version, what is signed, and the SHA-256 of the body, a line each. None of them has a line break. */
export function signRequest(secret: string, parts: SignedParts, body: Uint8Array = EMPTY): string {
  const digest = createHash('sha256').update(body).digest('hex');
  const lines = ['v1', parts.method, parts.target, parts.timestamp, parts.nonce, digest];
  return `v1=${createHmac('sha256', secret).update(lines.join('\n')).digest('hex')}`;
}

export function isSignatureForm(text: string): boolean {
  return SIGNATURE.test(text);
}

/** @param presented of the right form, so both have one length */
export function isSignatureOf(presented: string, secret: string, parts: SignedParts, body?: Uint8Array): boolean {
  return timingSafeEqual(Buffer.from(signRequest(secret, parts, body)), Buffer.from(presented));
}
