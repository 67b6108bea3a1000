import { createServer, type Server, type ServerResponse } from 'node:http';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
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
  ) {}

  /** @returns the port, which the system chooses when 0 is asked for */
  async listen(port: number, host: string): Promise<number> {
    const server = createServer((request, response) => {
      this.answer(request.url ?? '', response).catch(() => response.writeHead(500).end());
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

  private async answer(url: string, response: ServerResponse): Promise<void> {
    const path = url.split('?', 1)[0];
    if (path === '/health/live') return send(response, 200, { status: 'alive' });
    if (path === '/health/ready' || path === '/health') {
      const report = await this.health.report();
      const status = report.status === 'ready' ? 200 : 503;
      return send(response, status, path === '/health' ? summaryOf(report) : report);
    }
    if (path === '/metrics') {
      response.writeHead(200, { 'content-type': this.metrics.registry.contentType });
      response.end(await this.metrics.registry.metrics());
      return;
    }
    send(response, 404, { status: 404, title: 'Not found', code: 'not_found' });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
