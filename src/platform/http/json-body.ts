import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.js';
import { pathOf, SIGNED_PATHS } from './public-paths.js';
import { proveBody } from './signed-request.js';
import { parseStrictJson } from './strict-json.js';

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)"?/i;

/** Nobody knows yet who sends it, and a callback is small. */
const SIGNED_BODY_LIMIT_BYTES = 16_384;

/**
 * Bodies are application/json in UTF-8, and nothing else. On signed paths they stay the bytes they are: see
 * {@link readSignedBody}.
 */
export function acceptOnlyJson(instance: FastifyInstance, bodyLimitBytes: number): void {
  instance.removeAllContentTypeParsers();
  instance.addHook('onRoute', (route) => {
    if (SIGNED_PATHS.includes(route.url)) route.bodyLimit = Math.min(SIGNED_BODY_LIMIT_BYTES, bodyLimitBytes);
  });
  instance.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: bodyLimitBytes },
    (request: FastifyRequest, body: Buffer, done) => {
      try {
        refuseOtherEncodings(request);
        proveBody(request, body);
        done(null, isSigned(request) ? body : parsed(body));
      } catch (error) {
        done(error as Error, undefined);
      }
    },
  );
}

/**
 * Reads the body of a signed path, after `verify` has found its bytes to be those that were signed: a stranger's bytes are
 * not parsed. The body of the request is its JSON from then on.
 *
 * @throws invalid_json, and what `verify` throws
 */
export function readSignedBody(request: FastifyRequest, verify: (bytes: Buffer) => void): void {
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  verify(bytes);
  request.body = parsed(bytes);
}

const isSigned = (request: FastifyRequest): boolean => SIGNED_PATHS.includes(pathOf(request.raw.url ?? ''));

const parsed = (bytes: Buffer): unknown => (bytes.length === 0 ? undefined : parseStrictJson(bytes));

function refuseOtherEncodings({ headers }: FastifyRequest): void {
  const charset = CHARSET.exec(headers['content-type'] ?? '')?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') throw unsupportedMediaType();
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') throw unsupportedMediaType();
}

export const unsupportedMediaType = (): DomainError =>
  new DomainError(
    'unsupported_media_type',
    'unsupported_media_type',
    'Bodies are application/json in UTF-8, not compressed.',
  );
