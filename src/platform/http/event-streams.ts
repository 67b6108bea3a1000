import { AsyncResource } from 'node:async_hooks';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Counter } from 'prom-client';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { DomainError } from '../../domain/errors.js';
import { createLogger } from '../logging/index.js';
import { Metrics } from '../metrics/index.js';
import { EVENT_STREAM_MEDIA_TYPE, EventStream } from './event-stream.js';
import { presentedKey } from './presented-key.js';
import { Authenticator, type Principal, principalOf } from './principal.js';
import { routeOf } from './request-log.js';
import { holdsScopes } from './scopes.js';

/** How long a key that was revoked still hears. */
const RECHECK_MS = 3_000;
/** Nobody could say for so long whether a key is good: it counts as revoked. */
const UNCONFIRMED_MS = 60_000;
/** A reader for whom something waits, and who has taken nothing of it while so many heartbeats were due, holds a place for nobody. */
const STALLED_BEATS = 4;
/** One organization has no more than one in so many of the places: the others find some. */
const SHARE = 4;
const RETRY_AFTER_SECONDS = 10;

const logger = createLogger('http');

type EndReason = 'client' | 'credential' | 'stalled' | 'shutdown';

interface OpenStream {
  readonly stream: EventStream;
  readonly request: FastifyRequest;
  readonly principal: Principal;
  readonly presented: string;
  readonly scopes: readonly string[];
  confirmedAt: number;
  missedBeats: number;
  /** What its reader had taken at the last heartbeat, if something waited. */
  taken: number | null;
  reason: EndReason;
}

export interface StreamOpening {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** What the caller has to hold for as long as it listens. */
  readonly scopes: readonly string[];
}

/** The answers of this process that go on: how many there may be, that they are alive, and that whoever hears them still may. */
@Injectable()
export class EventStreams implements BeforeApplicationShutdown {
  private readonly open = new Set<OpenStream>();
  private readonly sent: Counter;
  private readonly beatMs: number;
  private readonly maxOpen: number;
  private readonly maxOfOne: number;
  private timers: readonly NodeJS.Timeout[] = [];
  private isRechecking = false;
  private isStopping = false;
  // Timers are started by whichever request comes first; what they do is not its doing.
  private readonly beat = AsyncResource.bind(() => this.beatAll());
  private readonly recheck = AsyncResource.bind(() => void this.recheckAll());

  constructor(
    @Inject(CONFIG) config: Config,
    metrics: Metrics,
    private readonly authenticator: Authenticator,
  ) {
    this.beatMs = config.SSE_HEARTBEAT_MS;
    this.maxOpen = config.SSE_MAX_WATCHERS;
    this.maxOfOne = Math.ceil(this.maxOpen / SHARE);
    metrics.gauge({
      name: 'sse_watchers',
      help: 'Streams of events that this process has open.',
      collect: (gauge) => gauge.set(this.open.size),
    });
    this.sent = metrics.counter({ name: 'sse_events_sent_total', help: 'Events written to streams.' });
  }

  /** Makes an answer a stream. @throws unavailable, too_many_watchers */
  begin({ request, reply, scopes }: StreamOpening): EventStream {
    if (this.isStopping) throw stopping();
    const principal = principalOf(request);
    this.assertRoomFor(principal);
    const stream = new EventStream(reply.raw, (events) => this.sent.inc(events));
    const opened: OpenStream = {
      stream,
      request,
      scopes,
      principal,
      presented: presentedKey(request.headers),
      confirmedAt: performance.now(),
      missedBeats: 0,
      taken: null,
      reason: 'client',
    };
    this.open.add(opened);
    this.startTimers();
    stream.onEnd(() => this.close(opened, reply));
    announceStream(reply);
    return stream;
  }

  /** Ends what is open, so that the process can. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    const opened = [...this.open];
    await Promise.all(opened.map((one) => endFor(one, 'shutdown')));
  }

  private assertRoomFor({ organizationId }: Principal): void {
    if (this.open.size >= this.maxOpen) {
      throw tooManyWatchers('This process has no room for another stream of events.');
    }
    const own = [...this.open].filter(({ principal }) => principal.organizationId === organizationId).length;
    if (own >= this.maxOfOne) {
      throw tooManyWatchers('This process has as many streams of events of the organization open as it has room for.');
    }
  }

  private startTimers(): void {
    if (this.timers.length > 0) return;
    this.timers = [setInterval(this.beat, this.beatMs), setInterval(this.recheck, RECHECK_MS)];
  }

  private close(opened: OpenStream, reply: FastifyReply): void {
    this.open.delete(opened);
    if (this.open.size === 0) {
      for (const timer of this.timers) clearInterval(timer);
      this.timers = [];
    }
    const { request, principal, reason } = opened;
    logger.info({
      event: 'event_stream_closed',
      reason,
      route: routeOf(request),
      duration_ms: Math.round(reply.elapsedTime),
      request_id: request.id,
      organization_id: request.organizationId,
      key_id: principal.keyId,
    });
  }

  private beatAll(): void {
    for (const opened of this.open) {
      const taken = opened.stream.takenWhileWaiting;
      opened.missedBeats = taken !== null && taken === opened.taken ? opened.missedBeats + 1 : 0;
      opened.taken = taken;
      if (opened.missedBeats >= STALLED_BEATS) {
        opened.reason = 'stalled';
        opened.stream.cut();
      } else {
        opened.stream.beat();
      }
    }
  }

  /** Asks once for each credential, however many streams it has. */
  private async recheckAll(): Promise<void> {
    if (this.isRechecking) return;
    this.isRechecking = true;
    try {
      for (const [presented, opened] of byCredential(this.open)) await this.recheckOne(presented, opened);
    } finally {
      this.isRechecking = false;
    }
  }

  private async recheckOne(presented: string, opened: readonly OpenStream[]): Promise<void> {
    const now = performance.now();
    try {
      const found = await this.authenticator.authenticate(presented);
      for (const one of opened) {
        if ('refused' in found || !maySee(found, one)) void endFor(one, 'credential');
        else one.confirmedAt = now;
      }
    } catch (error) {
      // Mostly an outage of the database, in which nothing is told either. It does not go on for ever.
      logger.warn({ event: 'event_stream_not_confirmed', streams: opened.length, err: error });
      for (const one of opened) if (now - one.confirmedAt > UNCONFIRMED_MS) void endFor(one, 'credential');
    }
  }
}

function byCredential(opened: Iterable<OpenStream>): Map<string, OpenStream[]> {
  const groups = new Map<string, OpenStream[]>();
  for (const one of opened) {
    const group = groups.get(one.presented);
    if (group) group.push(one);
    else groups.set(one.presented, [one]);
  }
  return groups;
}

function endFor(opened: OpenStream, reason: EndReason): Promise<void> {
  opened.reason = reason;
  return opened.stream.end();
}

const maySee = (found: Principal, { principal, scopes }: OpenStream): boolean =>
  found.organizationId === principal.organizationId && holdsScopes(found, scopes);

/** The headers of a stream. */
export function announceStream(reply: FastifyReply): void {
  void reply.headers({
    'content-type': EVENT_STREAM_MEDIA_TYPE,
    'cache-control': 'no-store',
    // For nginx, which would collect what should arrive at once.
    'x-accel-buffering': 'no',
    // When the stream ends, so does the connection: one kept open would keep the process from ending.
    connection: 'close',
  });
}

const stopping = (): DomainError =>
  new DomainError('unavailable', 'unavailable', 'The process is stopping: connect again.', { retryAfterSeconds: 1 });

const tooManyWatchers = (detail: string): DomainError =>
  new DomainError('unavailable', 'too_many_watchers', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS });
