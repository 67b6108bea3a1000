import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.js';

/** What a body has to bring on average once its grace is over. A telephone line does better. */
const MIN_BYTES_PER_SECOND = 16_384;
const MAX_SWEEP_MS = 1_000;

interface Watched {
  readonly reply: FastifyReply;
  /** Of the connection, so the headers are not in the difference. */
  readonly bytesBefore: number;
  elapsedMs: number;
}

/**
 * Cuts requests whose body drips: each holds a connection, and what has arrived of it, in memory. Time is counted in sweeps, not by the
 * clock: while this process is busy it neither sweeps nor reads, and what it did not read is not the caller's fault.
 */
export class SlowBodies {
  private readonly watched = new Map<IncomingMessage, Watched>();
  private readonly sweepMs: number;

  /** @param graceMs how long any body may take; longer only as fast as the minimum rate */
  constructor(private readonly graceMs: number) {
    this.sweepMs = Math.min(MAX_SWEEP_MS, graceMs / 2);
  }

  watchOver(instance: FastifyInstance): void {
    const sweeping = setInterval(() => this.sweep(), this.sweepMs).unref();
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
    this.watched.set(raw, { reply, bytesBefore: raw.socket.bytesRead, elapsedMs: 0 });
  }

  private sweep(): void {
    for (const [raw, watched] of this.watched) {
      watched.elapsedMs += this.sweepMs;
      if (raw.complete || raw.destroyed || raw.socket.destroyed) this.watched.delete(raw);
      else if (this.isTooSlow(raw, watched)) this.cut(raw, watched.reply);
    }
  }

  private isTooSlow(raw: IncomingMessage, { elapsedMs, bytesBefore }: Watched): boolean {
    const beyondGraceMs = elapsedMs - this.graceMs;
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
