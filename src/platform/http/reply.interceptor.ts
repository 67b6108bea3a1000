import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import { Reply } from '../idempotency/index.js';
import { PROBLEM_MEDIA_TYPE } from './problem.js';

declare module 'fastify' {
  interface FastifyReply {
    /** The status of a {@link Reply}: it wins over what a decorator of the handler says. */
    storedStatus: number | null;
  }
}

/** Turns a {@link Reply} into status, headers and the very bytes that were stored. */
@Injectable()
export class ReplyInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      map((result: unknown) => {
        if (!(result instanceof Reply)) return result;
        const reply = context.switchToHttp().getResponse<FastifyReply>();
        reply.storedStatus = result.status;
        void reply.header(
          'content-type',
          result.status >= 400 ? PROBLEM_MEDIA_TYPE : 'application/json; charset=utf-8',
        );
        if (result.location !== null) void reply.header('location', result.location);
        if (result.replayed) void reply.header('idempotent-replayed', 'true');
        return result.json;
      }),
    );
  }
}
