import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.js';
import { parseStrictJson } from './strict-json.js';

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)"?/i;

/** Bodies are application/json in UTF-8, and nothing else. */
export function acceptOnlyJson(instance: FastifyInstance, bodyLimitBytes: number): void {
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: bodyLimitBytes },
    (request: FastifyRequest, body: Buffer, done) => {
      try {
        refuseOtherEncodings(request);
        done(null, body.length === 0 ? undefined : parseStrictJson(body));
      } catch (error) {
        done(error as Error, undefined);
      }
    },
  );
}

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
