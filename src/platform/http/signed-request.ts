import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.js';
import {
  isSignatureForm,
  isSignatureOf,
  NONCE,
  type RequestNonces,
  type SignedParts,
  TIMESTAMP,
} from '../request-signing/index.js';
import type { Principal } from './principal.js';
import { REQUEST_TIMEOUT_MS } from './request-limits.js';

/** A signature that a request claims to have, until its body is known. */
export interface ClaimedSignature {
  readonly text: string;
  readonly parts: SignedParts;
  readonly secret: string;
  readonly keyId: string;
  readonly organizationId: string;
  isProven: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null when the caller need not sign. */
    signature: ClaimedSignature | null;
  }
}

/** Two clocks of API processes may be apart by it. */
const CLOCK_SKEW_SECONDS = 60;

export const invalidSignature = (message: string): DomainError =>
  new DomainError('unauthenticated', 'invalid_signature', message);

const replayedRequest = (): DomainError =>
  new DomainError('unauthenticated', 'replayed_request', 'A request with this nonce was sent before.');

/**
 * Before the body is read: a key that signs its requests comes with a signature of the right form that is not stale.
 *
 * @throws invalid_signature
 */
export function claimSignature(
  request: FastifyRequest,
  { signingSecret, keyId, organizationId }: Principal,
  { toleranceSeconds, nowMs }: { readonly toleranceSeconds: number; readonly nowMs: number },
): void {
  if (signingSecret === null || keyId === null || organizationId === null) return;
  const timestamp = headerOf(request, 'x-tranche-timestamp', (text) => TIMESTAMP.test(text));
  const nonce = headerOf(request, 'x-tranche-nonce', (text) => NONCE.test(text));
  const text = headerOf(request, 'x-tranche-signature', isSignatureForm);
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > toleranceSeconds) {
    throw invalidSignature(
      `X-Tranche-Timestamp is more than ${toleranceSeconds} seconds from the clock of the service.`,
    );
  }
  const parts = { method: request.method, target: request.raw.url ?? '', timestamp, nonce };
  request.signature = { text, parts, secret: signingSecret, keyId, organizationId, isProven: false };
}

/** Holds a claimed signature against the bytes of the body, before they are parsed. @throws invalid_signature */
export function proveBody({ signature }: FastifyRequest, body: Uint8Array): void {
  if (signature !== null) prove(signature, body);
}

/**
 * Before the handler: a request whose body nobody read was signed without one, and no request is taken twice. The nonce is spent last, so
 * that only who holds the secret can spend one.
 *
 * @throws invalid_signature, replayed_request
 */
export async function settleSignature(
  signature: ClaimedSignature,
  nonces: RequestNonces,
  toleranceSeconds: number,
): Promise<void> {
  if (!signature.isProven) prove(signature);
  const { organizationId, keyId, parts } = signature;
  // A timestamp from the future is good for twice the tolerance. It is looked at before the body is read, which may take its time.
  const seconds = 2 * toleranceSeconds + REQUEST_TIMEOUT_MS / 1_000 + CLOCK_SKEW_SECONDS;
  if (!(await nonces.spend(organizationId, keyId, parts.nonce, seconds))) throw replayedRequest();
}

function prove(signature: ClaimedSignature, body?: Uint8Array): void {
  const { text, secret, parts } = signature;
  if (!isSignatureOf(text, secret, parts, body)) throw invalidSignature('The signature is not that of this request.');
  signature.isProven = true;
}

function headerOf(request: FastifyRequest, name: string, isGood: (text: string) => boolean): string {
  const value = request.headers[name];
  if (typeof value === 'string' && isGood(value)) return value;
  throw invalidSignature(`The key signs its requests: ${name} is missing or does not have its form.`);
}
