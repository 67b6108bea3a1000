import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config/config.schema.js';
import { Metrics } from '../metrics/index.js';
import { serveDocs } from './docs.js';
import { Doorkeeper } from './doorkeeper.js';
import { EventStreams } from './event-streams.js';
import { HttpAdapter } from './http-adapter.js';
import { API_PREFIX, buildContract, PATHS_WITHOUT_PREFIX } from './openapi.js';
import { OpenApiSchemas } from './openapi-schemas.js';
import { RateLimiter } from './rate-limiter.js';
import { RefusalRecorder, tellRefusals } from './refusals.js';
import { routeOf } from './request-log.js';

/**
 * Everything an application needs before it listens. Its adapter must be an {@link HttpAdapter}; the OpenAPI document is
 * built here, because requests are checked against it.
 */
export function configureHttp(app: NestFastifyApplication, config: Config): void {
  const adapter: unknown = app.getHttpAdapter();
  if (!(adapter instanceof HttpAdapter)) throw new Error('The application needs the HttpAdapter of platform/http.');
  const instance = adapter.getInstance<FastifyInstance>();
  adapter.useDoorkeeper(app.get(Doorkeeper, { strict: false }));
  adapter.useRateLimiter(app.get(RateLimiter, { strict: false }));
  const eventStreams: EventStreams = app.get(EventStreams, { strict: false });
  instance.decorate('eventStreams', eventStreams);
  measureRequests(instance, app.get(Metrics, { strict: false }));
  tellRefusals(instance, app.get(RefusalRecorder, { strict: false }));
  app.setGlobalPrefix(API_PREFIX, { exclude: PATHS_WITHOUT_PREFIX });
  const contract = buildContract(app, { maxTransfersPerBulk: config.MAX_TRANSFERS_PER_BULK });
  app.get(OpenApiSchemas).load(contract.complete, contract.checkedSchemas);
  serveDocs(app, contract.document, { demoKeyFile: config.DEMO_KEY_FILE });
}

function measureRequests(instance: FastifyInstance, metrics: Metrics): void {
  const durations = metrics.histogram({
    name: 'http_request_duration_seconds',
    help: 'How long requests took, by route pattern.',
    labelNames: ['method', 'route', 'status'],
  });
  instance.addHook('onResponse', async (request, reply) => {
    const labels = { method: request.method, route: routeOf(request) ?? 'none', status: String(reply.statusCode) };
    durations.observe(labels, reply.elapsedTime / 1_000);
  });
}
