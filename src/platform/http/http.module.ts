import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { RequestNonces } from '../request-signing/index.js';
import { Doorkeeper } from './doorkeeper.js';
import { EventStreams } from './event-streams.js';
import { FailureBrake } from './failure-brake.js';
import { OpenApiSchemas } from './openapi-schemas.js';
import { ProblemFilter } from './problem.filter.js';
import { ReplyInterceptor } from './reply.interceptor.js';
import { SchemaPipe } from './schema.pipe.js';
import { ScopeGuard } from './scope.guard.js';

/** What every route goes through. Needs an `Authenticator` from a global module. */
@Global()
@Module({
  providers: [
    OpenApiSchemas,
    Doorkeeper,
    EventStreams,
    FailureBrake,
    RequestNonces,
    { provide: APP_GUARD, useClass: ScopeGuard },
    { provide: APP_PIPE, useClass: SchemaPipe },
    { provide: APP_INTERCEPTOR, useClass: ReplyInterceptor },
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
  exports: [OpenApiSchemas, Doorkeeper, EventStreams],
})
export class HttpModule {}
