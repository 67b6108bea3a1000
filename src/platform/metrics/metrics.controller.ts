import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Metrics } from './metrics.js';

@ApiTags('Monitoring')
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /** Metrics of this process, as Prometheus reads them. With METRICS_TOKEN set, they need that token as Bearer. */
  @Get()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiProduces('text/plain')
  @ApiOkResponse({
    description: 'The Prometheus text format.',
    content: { 'text/plain': { schema: { type: 'string' }, example: 'process_open_fds 31\n' } },
  })
  read(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
