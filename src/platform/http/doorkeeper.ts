import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Counter } from 'prom-client';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { DomainError } from '../../domain/errors.js';
import { createLogger } from '../logging/index.js';
import { Metrics } from '../metrics/index.js';
import { RequestNonces } from '../request-signing/index.js';
import { clientNetwork } from './client-network.js';
import { FailureBrake } from './failure-brake.js';
import { KnownCredentials } from './known-credentials.js';
import { presentedKey } from './presented-key.js';
import { Authenticator, type Principal, type Refusal, type RefusalReason, unauthenticated } from './principal.js';
import { claimSignature, invalidSignature, settleSignature } from './signed-request.js';

type CountedReason = RefusalReason | 'missing' | 'blocked' | 'invalid_signature' | 'replayed_request';

/** Whoever knows the right secret is not guessing, even if it opens nothing any more. */
const GUESSES: readonly RefusalReason[] = ['unknown', 'wrong_secret', 'invalid_token'];

const logger = createLogger('authentication');

/** Lets callers in: asks who they are, makes guessing slow, and holds those who sign to their signatures. */
@Injectable()
export class Doorkeeper {
  private readonly failures: Counter<'reason'>;
  private readonly known = new KnownCredentials();
  private readonly toleranceSeconds: number;

  constructor(
    @Inject(CONFIG) config: Config,
    metrics: Metrics,
    private readonly authenticator: Authenticator,
    private readonly brake: FailureBrake,
    private readonly nonces: RequestNonces,
  ) {
    this.toleranceSeconds = config.REQUEST_SIGNATURE_TOLERANCE_SECONDS;
    this.failures = metrics.counter({
      name: 'auth_failures_total',
      help: 'Requests that were refused because of who sent them, by reason.',
      labelNames: ['reason'],
    });
  }

  /** Who sends the request, as its headers say. @throws unauthenticated, rate_limited, invalid_signature, unavailable */
  async admit(request: FastifyRequest): Promise<Principal> {
    const principal = await this.identify(request, this.presented(request));
    claimSignature(request, principal, { toleranceSeconds: this.toleranceSeconds, nowMs: Date.now() });
    return principal;
  }

  /** Who sends the request with a password. @throws as {@link admit}; a browser cannot sign, so keys that have to are refused */
  async admitPassword(request: FastifyRequest, password: string): Promise<Principal> {
    const principal = await this.identify(request, password);
    if (principal.signingSecret !== null) throw invalidSignature('A key that signs its requests is no password.');
    return principal;
  }

  /** For what has no principal, such as the token of the metrics. @throws unauthenticated, rate_limited */
  async admitSecret(request: FastifyRequest, isRight: (presented: string) => boolean): Promise<void> {
    const presented = this.presented(request);
    const client = clientNetwork(request.ip);
    const isKnown = this.known.has(presented, performance.now());
    if (!isKnown) await this.refuseBlocked(client);
    if (!isRight(presented)) throw await this.refused(client, { refused: 'unknown', keyId: null });
    this.known.add(presented, performance.now());
  }

  /** The last check, before the handler and after the body was read. @throws invalid_signature, replayed_request */
  async settle(request: FastifyRequest): Promise<void> {
    if (request.signature !== null) await settleSignature(request.signature, this.nonces, this.toleranceSeconds);
  }

  /** Refusals that other parts of the way of a request find out. */
  noteProblem(code: string | null): void {
    if (code === 'invalid_signature' || code === 'replayed_request') this.note(code);
  }

  private presented(request: FastifyRequest): string {
    try {
      return presentedKey(request.headers);
    } catch (error) {
      this.note('missing');
      throw error;
    }
  }

  /**
   * Credentials that were good before do not wait for the brake: somebody else behind the same address, who guesses, must not lock out
   * whoever knows. They are still asked about: nothing is opened from memory.
   */
  private async identify(request: FastifyRequest, presented: string): Promise<Principal> {
    const client = clientNetwork(request.ip);
    if (!this.known.has(presented, performance.now())) await this.refuseBlocked(client);
    const result = await this.authenticator.authenticate(presented);
    if (!('refused' in result)) {
      this.known.add(presented, performance.now());
      return result;
    }
    this.known.delete(presented);
    throw await this.refused(client, result);
  }

  private async refuseBlocked(client: string): Promise<void> {
    const blockedForMs = await this.brake.blockedForMs(client);
    if (blockedForMs === 0) return;
    this.note('blocked');
    throw new DomainError('rate_limited', 'rate_limited', 'Too many attempts with keys that are not good.', {
      retryAfterSeconds: Math.ceil(blockedForMs / 1_000),
    });
  }

  private async refused(client: string, { refused: reason, keyId }: Refusal): Promise<DomainError> {
    this.note(reason);
    logger.info({ event: 'auth_failed', reason, client, key_id: keyId });
    if (GUESSES.includes(reason)) {
      const blockedForMs = await this.brake.count(client);
      if (blockedForMs > 0) logger.warn({ event: 'auth_client_blocked', client, for_ms: Math.round(blockedForMs) });
      if (keyId !== null) await this.watch(keyId);
    }
    return unauthenticated('The API key or token is unknown, expired or revoked.');
  }

  /** A key that many addresses guess at is only told of: to block it would let anybody who knows its prefix lock its holder out. */
  private async watch(keyId: string): Promise<void> {
    if ((await this.brake.count(`key ${keyId}`)) > 0) logger.warn({ event: 'auth_key_guessed', key_id: keyId });
  }

  private note(reason: CountedReason): void {
    this.failures.inc({ reason });
  }
}
