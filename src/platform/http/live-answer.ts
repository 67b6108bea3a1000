import { Readable } from 'node:stream';
import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader, ApiOkResponse } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { fieldErrors, invariantViolated } from '../../domain/errors.js';
import { EVENT_STREAM_MEDIA_TYPE, type EventStream } from './event-stream.js';
import { announceStream, type EventStreams } from './event-streams.js';
import { documented } from './parameters.js';
import { SCOPES_METADATA } from './scopes.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Made after the instance, by the container. */
    eventStreams: EventStreams;
  }
}

const LAST_EVENT_ID = 'last-event-id';
const SEQUENCE = /^(?:0|[1-9][0-9]{0,15})$/;

/** How a handler answers with a stream of events. */
export interface LiveAnswer {
  /** `Last-Event-ID`: what the client has seen last; 0 for nothing. */
  readonly after: number;
  /** The body of the answer. `begin` fills it from now on; it is not called for HEAD, whose answer has no body. */
  stream(begin: (stream: EventStream) => void): Readable;
}

const liveAnswer = createParamDecorator((_: unknown, context: ExecutionContext): LiveAnswer => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const reply = context.switchToHttp().getResponse<FastifyReply>();
  const scopes = Reflect.getMetadata(SCOPES_METADATA, context.getHandler()) as readonly string[] | undefined;
  if (scopes === undefined) throw invariantViolated('A stream of events is for those who hold a scope.');
  const { eventStreams } = request.server;
  return {
    after: lastEventIdOf(request.headers[LAST_EVENT_ID]),
    stream: (begin) => {
      if (request.method === 'HEAD') {
        announceStream(reply);
        return Readable.from([]);
      }
      const stream = eventStreams.begin({ request, reply, scopes });
      begin(stream);
      return stream.body;
    },
  };
});

/** The {@link LiveAnswer} of the request. */
export const Live = (): ParameterDecorator =>
  documented(
    liveAnswer(),
    ApiHeader({
      name: 'Last-Event-ID',
      required: false,
      description:
        'The `id` of the last event that arrived: the stream goes on after it. Without it, it starts from the beginning.',
      schema: { type: 'string', pattern: SEQUENCE.source },
    }),
  );

/** Documents a stream, by what it may say. */
export function ApiEventStream(description: string, examples: Readonly<Record<string, string>>): MethodDecorator {
  const named = Object.entries(examples).map(([summary, value]) => [summary, { summary, value }] as const);
  return applyDecorators(
    ApiOkResponse({
      description,
      content: { [EVENT_STREAM_MEDIA_TYPE]: { schema: { type: 'string' }, examples: Object.fromEntries(named) } },
    }),
  );
}

/** @throws invalid_request */
export function lastEventIdOf(header: string | string[] | undefined): number {
  if (header === undefined) return 0;
  const sequence = typeof header === 'string' && SEQUENCE.test(header) ? Number(header) : NaN;
  if (Number.isSafeInteger(sequence)) return sequence;
  const detail = 'must be the id of an event of this stream: a number';
  throw fieldErrors('invalid', [{ pointer: `/headers/${LAST_EVENT_ID}`, code: 'pattern', detail }]);
}
