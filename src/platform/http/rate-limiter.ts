import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.js';
import type { Principal } from './principal.js';

/** Where one caller stands with one limit. */
export interface LimitState {
  /** What is limited. */
  readonly name: 'key' | 'organization';
  readonly quota: number;
  readonly windowSeconds: number;
  /** Null when it is not known, because nobody counts at the moment. */
  readonly usage: { readonly remaining: number; readonly resetSeconds: number; readonly isExceeded: boolean } | null;
}

/** Counts requests. Implemented by platform/rate-limit. */
export abstract class RateLimiter {
  /**
   * Counts one request.
   *
   * @param isRead a request that changes nothing, and so goes through when nobody can count
   * @returns the limits there are, none when there are none
   */
  abstract take(principal: Principal, isRead: boolean): Promise<readonly LimitState[]>;
}

const READS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * After the authentication, which knows whose request it is, and before a byte of the body is read. The headers are those of
 * draft-ietf-httpapi-ratelimit-headers.
 *
 * @throws rate_limited
 */
export async function limitRate(request: FastifyRequest, reply: FastifyReply, limiter: RateLimiter): Promise<void> {
  const { principal } = request;
  if (principal === null) return;
  const limits = await limiter.take(principal, READS.includes(request.method));
  if (limits.length === 0) return;
  void reply.header('ratelimit-policy', limits.map(policyOf).join(', '));
  const counted = limits.flatMap(({ name, usage }) => (usage ? [{ name, ...usage }] : []));
  if (counted.length === 0) return;
  void reply.header(
    'ratelimit',
    counted.map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`).join(', '),
  );
  const exceeded = counted.filter(({ isExceeded }) => isExceeded);
  if (exceeded.length > 0) throw rateLimited(exceeded);
}

const policyOf = ({ name, quota, windowSeconds }: LimitState): string => `"${name}";q=${quota};w=${windowSeconds}`;

function rateLimited(exceeded: readonly { name: string; resetSeconds: number }[]): DomainError {
  const names = exceeded.map(({ name }) => name).join(' and ');
  return new DomainError('rate_limited', 'rate_limited', `Too many requests of this ${names}. Nothing was done.`, {
    retryAfterSeconds: Math.max(1, ...exceeded.map(({ resetSeconds }) => resetSeconds)),
  });
}
