import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.js';

const LARGE_BYTES = 1_048_576;

/**
 * Bounds what bodies can hold of the memory: of those larger than 1 MiB, only so many are under way at a time, from before their
 * first byte is read until they are answered. The others are refused unread, to be sent again.
 */
export class LargeBodies {
  private underWay = 0;

  constructor(
    private readonly atOnce: number,
    private readonly bodyLimitBytes: number,
  ) {}

  watchOver(instance: FastifyInstance): void {
    instance.addHook('preParsing', (request, reply, payload, done) => {
      const length = Number(request.headers['content-length'] ?? 0);
      // What is over the limit is refused by its length.
      const isLarge = length > LARGE_BYTES && length <= this.bodyLimitBytes;
      if (isLarge && !this.admit(reply)) done(busy());
      else {
        if (request.headers['transfer-encoding'] !== undefined) this.count(request, reply);
        done(null, payload);
      }
    });
  }

  /** Of a body that does not say how long it is. */
  private count({ raw }: FastifyRequest, reply: FastifyReply): void {
    let received = 0;
    const add = (chunk: Buffer): void => {
      received += chunk.length;
      if (received <= LARGE_BYTES) return;
      raw.off('data', add);
      // Whoever reads it answers this error, and the rest of the body is thrown away.
      if (!this.admit(reply)) raw.emit('error', busy());
    };
    raw.on('data', add);
  }

  private admit({ raw }: FastifyReply): boolean {
    if (this.underWay >= this.atOnce) return false;
    this.underWay += 1;
    raw.once('close', () => (this.underWay -= 1));
    return true;
  }
}

const busy = (): DomainError =>
  new DomainError('unavailable', 'unavailable', 'Too many large requests are under way. Send this one again.', {
    retryAfterSeconds: 1,
  });
