import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { DomainError } from '../../domain/errors.js';
import { newId } from '../../domain/ids.js';
import { problemOf, requireMetricsToken } from '../http/index.js';
import { Metrics } from '../metrics/index.js';
import { HealthService } from './health.service.js';
import { summaryOf } from './health-summary.js';

/** Health and metrics of a process that serves no API: `/health`, `/health/live`, `/health/ready`, `/metrics`. */
@Injectable()
export class ProbeServer implements OnApplicationShutdown {
  private server: Server | undefined;

  constructor(
    private readonly health: HealthService,
    private readonly metrics: Metrics,
    @Inject(CONFIG) private readonly config: Pick<Config, 'METRICS_TOKEN'>,
  ) {}

  /** @returns the port, which the system chooses when 0 is asked for */
  async listen(port: number, host: string): Promise<number> {
    const server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => refuse(error, request, response));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    this.server = server;
    const address = server.address();
    return typeof address === 'object' && address ? address.port : port;
  }

  async onApplicationShutdown(): Promise<void> {
    const { server } = this;
    if (!server) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    if (path === '/health/live') return send(response, 200, { status: 'alive' });
    if (path === '/health/ready' || path === '/health') {
      const report = await this.health.report();
      const status = report.status === 'ready' ? 200 : 503;
      return send(response, status, path === '/health' ? summaryOf(report) : report);
    }
    if (path !== '/metrics') throw new DomainError('not_found', 'not_found', 'There is nothing at this path.');
    if (this.config.METRICS_TOKEN !== undefined) requireMetricsToken(request.headers, this.config.METRICS_TOKEN);
    const text = await this.metrics.registry.metrics();
    response.writeHead(200, { 'content-type': this.metrics.registry.contentType }).end(text);
  }
}

const pathOf = (request: IncomingMessage): string => request.url?.split('?', 1)[0] ?? '';

function send(response: ServerResponse, status: number, body: object, mediaType = 'application/json'): void {
  response.writeHead(status, { 'content-type': mediaType }).end(JSON.stringify(body));
}

function refuse(error: unknown, request: IncomingMessage, response: ServerResponse): void {
  const problem = problemOf(error, { instance: pathOf(request), requestId: newId() });
  send(response, problem.status, problem, 'application/problem+json');
}
