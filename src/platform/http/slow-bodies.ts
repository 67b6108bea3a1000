import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.js';

/** What a body has to bring on average once its grace is over. A telephone line does better. */
const MIN_BYTES_PER_SECOND = 16_384;
const MAX_SWEEP_MS = 1_000;

interface Watched {
  readonly reply: FastifyReply;
  sinceMs: number;
  /** Of the connection, so the headers are not in the difference. */
  bytesBefore: number;
}

/** Cuts requests whose body drips: each holds a connection, and what has arrived of it, in memory. */
export class SlowBodies {
  private readonly watched = new Map<IncomingMessage, Watched>();

  /** @param graceMs how long any body may take; longer only as fast as the minimum rate */
  constructor(private readonly graceMs: number) {}

  watchOver(instance: FastifyInstance): void {
    const sweeping = setInterval(() => this.sweep(), Math.min(MAX_SWEEP_MS, this.graceMs / 2)).unref();
    instance.addHook('onClose', async () => clearInterval(sweeping));
    instance.addHook('preParsing', (request, reply, payload, done) => {
      this.watch(request, reply);
      done(null, payload);
    });
    // A refused body goes on arriving, and is thrown away: that may not last for ever either.
    instance.addHook('onResponse', async (request, reply) => this.watch(request, reply));
  }

  private watch({ raw }: FastifyRequest, reply: FastifyReply): void {
    if (raw.complete || typeof raw.socket.bytesRead !== 'number') return;
    this.watched.set(raw, { reply, sinceMs: performance.now(), bytesBefore: raw.socket.bytesRead });
  }

  private sweep(): void {
    const nowMs = performance.now();
    for (const [raw, watched] of this.watched) {
      if (raw.complete || raw.destroyed || raw.socket.destroyed) this.watched.delete(raw);
      else if (this.isTooSlow(raw, watched, nowMs)) this.cut(raw, watched.reply);
    }
  }

  private isTooSlow(raw: IncomingMessage, { sinceMs, bytesBefore }: Watched, nowMs: number): boolean {
    const beyondGraceMs = nowMs - sinceMs - this.graceMs;
    if (beyondGraceMs <= 0) return false;
    return raw.socket.bytesRead - bytesBefore < (beyondGraceMs / 1_000) * MIN_BYTES_PER_SECOND;
  }

  private cut(raw: IncomingMessage, reply: FastifyReply): void {
    this.watched.delete(raw);
    const isBeingRead = !reply.sent && raw.listenerCount('error') > 0;
    if (!isBeingRead) {
      raw.destroy();
      return;
    }
    void reply.header('connection', 'close');
    // As destroying it would, but the connection is still needed for the answer.
    raw.emit('error', tooSlow());
  }
}

export const tooSlow = (): DomainError =>
  new DomainError('too_slow', 'request_timeout', 'The request did not arrive in time.');
