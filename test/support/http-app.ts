import { Body, Controller, Get, Global, Module, Param, Post, Query } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiExcludeController, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { CONFIG } from '../../src/config/config.module.js';
import { type Config, loadConfig } from '../../src/config/config.schema.js';
import { DomainError, invariantViolated } from '../../src/domain/errors.js';
import { Database } from '../../src/platform/database/index.js';
import {
  type Authentication,
  Authenticator,
  configureHttp,
  CurrentPrincipal,
  HttpAdapter,
  HttpModule,
  IdempotencyKey,
  IdParam,
  OrganizationId,
  PageQuery,
  PlatformScope,
  type Principal,
  QuerySchema,
  RateLimiter,
  type Refusal,
  RefusalRecorder,
  Scopes,
} from '../../src/platform/http/index.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { currentRequestId, setLogLevel } from '../../src/platform/logging/index.js';
import { MetricsModule } from '../../src/platform/metrics/index.js';
import { RedisClient } from '../../src/platform/queue/index.js';

export const ORGANIZATION = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';
export const OTHER_ORGANIZATION = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e';

/** Keys of the fake authenticator, by what they may do. */
export const KEYS = { admin: 'trk_admin', reader: 'trk_reader', writer: 'trk_writer' };

const keyPrincipal = (keyId: string, ...scopes: string[]): Principal => ({
  kind: 'key',
  keyId,
  actor: { kind: 'key', id: keyId, keyId },
  signingSecret: null,
  organizationId: ORGANIZATION,
  scopes: new Set(scopes),
});

const ADMIN: Principal = {
  kind: 'admin',
  keyId: null,
  organizationId: null,
  scopes: new Set(['admin']),
  actor: { kind: 'admin', id: 'admin', keyId: null },
  signingSecret: null,
};

class FakeAuthenticator extends Authenticator {
  override async authenticate(key: string): Promise<Authentication> {
    if (key === KEYS.admin) return ADMIN;
    if (key === KEYS.reader) return keyPrincipal('key-reader', 'things:read');
    if (key === KEYS.writer) return keyPrincipal('key-writer', 'things:write', 'things:approve');
    return { refused: 'unknown', keyId: null };
  }

  override async organizationExists(id: string): Promise<boolean> {
    return id === ORGANIZATION || id === OTHER_ORGANIZATION;
  }
}

/** Remembers refusals for the test. */
export class FakeRefusals extends RefusalRecorder {
  readonly refusals: Refusal[] = [];

  override record(refusal: Refusal): void {
    this.refusals.push(refusal);
  }
}

class LineDto {
  @ApiProperty({ type: 'string', maxLength: 5, pattern: '^[a-z/~]+$' })
  name: string;

  @ApiProperty({ type: 'string', pattern: '^[0-9]+$' })
  amount: string;
}

export class CreateThingDto {
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 10 })
  title: string;

  @ApiProperty({ type: () => [LineDto], minItems: 1, maxItems: 200 })
  lines: LineDto[];

  @ApiPropertyOptional({ type: 'string', enum: ['low', 'high'] })
  priority?: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string', maxLength: 3 }, maxProperties: 2 })
  metadata?: Record<string, string>;

  @ApiPropertyOptional({ type: 'string', format: 'uuid', nullable: true })
  request_id?: string | null;
}

@QuerySchema()
class ThingsQuery extends PageQuery {
  @ApiPropertyOptional({ type: 'boolean', default: false })
  dry_run: boolean;
}

@Controller('things')
class ThingsController {
  @Get()
  @Scopes('things:read')
  list(@Query() query: ThingsQuery): object {
    return query;
  }

  @Post()
  @Scopes('things:write')
  create(@OrganizationId() organizationId: string, @Body() body: CreateThingDto): object {
    return { organization_id: organizationId, lines: body.lines.length, request_id: currentRequestId() };
  }

  @Post('approve')
  @Scopes('things:write', 'things:approve', 'things:read')
  approve(): object {
    return {};
  }

  @Get('context')
  @Scopes('things:read')
  async context(@CurrentPrincipal() principal: Principal, @OrganizationId() organizationId: string): Promise<object> {
    await Promise.resolve();
    return { request_id: currentRequestId(), key_id: principal.keyId, organization_id: organizationId };
  }

  @Post('stored')
  @Scopes('things:write')
  stored(@IdempotencyKey() key: string | null): Reply {
    if (key === 'refused') return Reply.stored(422, '{"code":"insufficient_funds",  "status":422}', null);
    return key === null
      ? Reply.of(202, { id: 1 }, '/api/v1/things/1')
      : Reply.stored(202, '{"id": 1 }', '/api/v1/things/1');
  }

  @Get('by-id/:id')
  @Scopes('things:read')
  byId(@IdParam() id: string): object {
    return { id };
  }

  @Get('undecorated')
  undecorated(): object {
    return {};
  }

  @Get('platform')
  @PlatformScope()
  platform(): object {
    return { for: 'admins' };
  }
}

const FAILURES: Readonly<Record<string, () => unknown>> = {
  conflict: () =>
    new DomainError('conflict', 'invalid_state', 'It is closed.', { members: { current_status: 'closed' } }),
  busy: () => new DomainError('rate_limited', 'rate_limited', 'Slow down.', { retryAfterSeconds: 7 }),
  invariant: () => invariantViolated('posted is 12.34 off for DE89370400440532013000'),
  bug: () => new TypeError('cannot read DE89370400440532013000 of undefined'),
  outage: () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
};

@ApiExcludeController()
@Controller('failures')
class FailuresController {
  @Get(':kind')
  @Scopes('things:read')
  fail(@Param('kind') kind: string): never {
    throw FAILURES[kind]?.();
  }
}

@Global()
@Module({
  providers: [
    { provide: Authenticator, useClass: FakeAuthenticator },
    // Counting needs Redis: see test/e2e/rate-limits.spec.ts.
    { provide: RateLimiter, useValue: { take: async () => [] } },
    { provide: RefusalRecorder, useClass: FakeRefusals },
    { provide: Database, useValue: { poolState: () => ({ total: 3, idle: 1, waiting: 2 }) } },
  ],
  exports: [Authenticator, Database, RateLimiter, RefusalRecorder],
})
class FakesModule {}

const redisAt = (config: Config) => ({
  module: FakesModule,
  providers: [
    { provide: CONFIG, useValue: config },
    { provide: RedisClient, useFactory: () => new RedisClient(config) },
  ],
  exports: [CONFIG, RedisClient],
});

/** A few routes behind the real HTTP platform: nothing is replaced but who knows the keys. */
export async function startHttpApp(env: Record<string, string> = {}): Promise<NestFastifyApplication> {
  setLogLevel('silent');
  const config: Config = loadConfig({ DATABASE_URL: 'postgres://unused', REDIS_URL: 'redis://127.0.0.1:1', ...env });
  const module = await Test.createTestingModule({
    imports: [redisAt(config), MetricsModule, HttpModule],
    controllers: [ThingsController, FailuresController],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new HttpAdapter(config), { logger: false });
  configureHttp(app, config);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}
